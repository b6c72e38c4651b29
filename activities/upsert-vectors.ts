import { activityInfo, log } from '@temporalio/activity'
import type { EmbeddedChunk } from '../domain/chunk.ts'
import { Failure } from '../domain/failure.ts'
import { chunkId, derivedFrom, vectorNamespace } from '../domain/keys.ts'
import type { CallOptions, VectorRecord } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import { readPart } from './derived-embeddings.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import type { EmbeddedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { timed } from './timed.ts'

type Uses = Pick<Ports, 'runs' | 'objects' | 'vectors'>
type Beat = (details: unknown) => void

/** Writes a file's vectors, part by part, over those that it had, and marks the file as indexed once all are there. */
export const upsertVectors =
  (ports: Uses) =>
  async (file: EmbeddedFile): Promise<void> => {
    // An earlier attempt did it all, and died before it could say so.
    if (activityInfo().attempt > 1 && (await ports.runs.isIndexed(file))) return
    const {
      expert,
      file: { s3Key },
    } = await beginStage(ports.runs, file, 'store')
    const namespace = vectorNamespace(expert.id, expert.generation)
    const { fileId, pages, pagesSkipped, chunks, tokens, tokensReused } = file
    log.info(`🔥 Storing in ${ports.vectors.name}`, { fileId, s3Key, chunks })
    const [, seconds] = await timed(() => heartbeating((options, beat) => store(ports, namespace, file, options, beat)))
    const settled = await ports.runs.markIndexed(file, {
      sha256: derivedFrom(file.prefix),
      pages,
      pagesSkipped,
      chunks,
      tokens,
      tokensReused,
      seconds: { ...file.seconds, store: seconds },
    })
    if (!settled) await withdraw(ports, namespace, file)
    log.info('✅ Successfully processed file', { fileId, s3Key, pages, chunks })
  }

async function store(
  ports: Uses,
  namespace: string,
  file: EmbeddedFile,
  options: CallOptions,
  beat: Beat,
): Promise<void> {
  const before = await ports.runs.expectChunks(file, file.chunks)
  // What an earlier attempt heartbeated is in the store.
  const { part: begin = 0 } = earlierAttempt<{ part: number }>()
  // Chunks beyond the new ones are those of older content. An earlier attempt that wrote parts has removed them.
  if (before > file.chunks && begin === 0) await ports.vectors.deleteFile(namespace, file.fileId, before, options)
  for (let part = begin; part < file.parts; part++) {
    // A worker that was cut off is replaced without its knowing: it must not write on after that.
    if (part > 0 && !(await isCurrent(ports, file))) throw new Failure('CANCELLED', { fileId: file.fileId })
    // Not after the last one: a small file is done then, and each heartbeat costs Temporal a write.
    if (part > begin) beat({ part, of: file.parts })
    const chunks = await readPart(ports.objects, file.prefix, part, options)
    await ports.vectors.upsert(
      namespace,
      chunks.map((chunk) => toRecord(file.fileId, chunk)),
      options,
    )
  }
}

const isCurrent = ({ runs }: Uses, file: EmbeddedFile) => runs.isCurrent(file, 'store', activityInfo().attempt)

/**
 * The file was cancelled or removed while its last vectors were being written: they go again, unless another attempt has
 * indexed it.
 * @throws Failure CANCELLED
 */
async function withdraw({ runs, vectors }: Uses, namespace: string, file: EmbeddedFile): Promise<void> {
  if (await runs.isIndexed(file)) return
  await vectors.deleteFile(namespace, file.fileId, file.chunks)
  throw new Failure('CANCELLED', { fileId: file.fileId })
}

function toRecord(fileId: string, { vector, ...chunk }: EmbeddedChunk): VectorRecord {
  return { id: chunkId(fileId, chunk.index), fileId, chunk, vector }
}
