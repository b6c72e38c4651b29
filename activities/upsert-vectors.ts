import { activityInfo, log } from '@temporalio/activity'
import type { EmbeddedChunk } from '../domain/chunk.ts'
import { Failure } from '../domain/failure.ts'
import { chunkId, vectorNamespace } from '../domain/keys.ts'
import type { CallOptions, VectorRecord } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import { readPart } from './derived-embeddings.ts'
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
    const { s3Key } = await beginStage(ports.runs, file, 'store')
    const { fileId, pages, pagesSkipped, chunks, tokens, tokensReused } = file
    log.info(`🔥 Storing in ${ports.vectors.name}`, { fileId, s3Key, chunks })
    const [, seconds] = await timed(() => heartbeating((options, beat) => store(ports, file, options, beat)))
    await ports.runs.markIndexed(file, {
      pages,
      pagesSkipped,
      chunks,
      tokens,
      tokensReused,
      seconds: { ...file.seconds, store: seconds },
    })
    log.info('✅ Successfully processed file', { fileId, s3Key, pages, chunks })
  }

async function store(ports: Uses, file: EmbeddedFile, options: CallOptions, beat: Beat): Promise<void> {
  const namespace = await namespaceOf(ports, file.expertId)
  const before = await ports.runs.expectChunks(file, file.chunks)
  // Chunks beyond the new ones are those of older content.
  if (before > file.chunks) await ports.vectors.deleteFile(namespace, file.fileId, before, options)
  for (let part = resumeAt(); part < file.parts; part++) {
    const chunks = await readPart(ports.objects, file.prefix, part, options)
    await ports.vectors.upsert(
      namespace,
      chunks.map((chunk) => toRecord(file.fileId, chunk)),
      options,
    )
    beat({ part: part + 1, of: file.parts })
  }
}

/** The parts that an earlier attempt wrote are in the store: it heartbeats each of them only then. */
function resumeAt(): number {
  const details: unknown = activityInfo().heartbeatDetails
  return typeof details === 'object' && details !== null && 'part' in details ? Number(details.part) : 0
}

async function namespaceOf({ runs }: Uses, expertId: string): Promise<string> {
  const expert = await runs.find(expertId)
  if (!expert) throw new Failure('CANCELLED', { expertId })
  return vectorNamespace(expertId, expert.generation)
}

function toRecord(fileId: string, { vector, ...chunk }: EmbeddedChunk): VectorRecord {
  return { id: chunkId(fileId, chunk.index), fileId, chunk, vector }
}
