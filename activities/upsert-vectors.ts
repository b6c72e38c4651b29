import { activityInfo, log } from '@temporalio/activity'
import type { EmbeddedChunk } from '../domain/chunk.ts'
import { Failure } from '../domain/failure.ts'
import { chunkId, derivedFrom, recipeIn, vectorNamespace } from '../domain/keys.ts'
import type { CallOptions, FileRuns, VectorRecord } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import { readPart } from './derived-embeddings.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import type { EmbeddedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import { persistently } from './persistently.ts'
import type { Ports } from './ports.ts'
import { timed } from './timed.ts'

type Uses = { readonly runs: FileRuns } & Pick<Ports, 'objects' | 'vectors'>
type Beat = (details: unknown) => void
/** What this attempt has written of a file, or tried to: its chunks `0 … chunks-1`. */
type Written = { readonly generation: number; readonly namespace: string; chunks: number }

/** Writes a file's vectors, part by part, over those that it had, and marks the file as indexed once all are there. */
export const upsertVectors =
  (ports: Uses) =>
  async (file: EmbeddedFile): Promise<void> => {
    // An earlier attempt did it all, and died before it could say so.
    if (activityInfo().attempt > 1 && (await ports.runs.isIndexed(file))) return
    const { expert, file: stored } = await beginStage(ports.runs, file, 'store')
    const { generation } = expert
    // Embedded by another model than that of what serves by now. Workers that say no generation knew of the first only.
    if ((file.generation ?? 1) !== generation) throw reindexed(file)
    const written = { generation, namespace: vectorNamespace(expert.id, generation), chunks: 0 }
    const { fileId, pages, chunks } = file
    const named = { fileId, s3Key: stored.s3Key }
    log.info(`🔥 Storing in ${ports.vectors.name}`, { ...named, chunks })
    await heartbeating(async (options, beat) => {
      try {
        const [, seconds] = await timed(() => store(ports, file, written, options, beat))
        await settle(ports, file, generation, seconds)
      } catch (error) {
        await withdraw(ports, file, written, error)
        throw error
      }
    })
    log.info('✅ Successfully processed file', { ...named, pages, chunks })
  }

async function store(
  { runs, objects, vectors }: Uses,
  file: EmbeddedFile,
  written: Written,
  options: CallOptions,
  beat: Beat,
): Promise<void> {
  const { namespace } = written
  const before = await runs.expectChunks(file, file.chunks)
  // What an earlier attempt heartbeated is in the store.
  const { part: begin = 0 } = earlierAttempt<{ part: number }>()
  // Chunks beyond the new ones are those of older content. An earlier attempt that wrote parts has removed them.
  if (before > file.chunks && begin === 0) {
    await checkCurrent(runs, file)
    await vectors.deleteFile(namespace, file.fileId, before, options)
  }
  for (let part = begin; part < file.parts; part++) {
    // Not after the last one: a small file is done then, and each heartbeat costs Temporal a write.
    if (part > begin) beat({ part, of: file.parts })
    const records = (await readPart(objects, file.prefix, part, options)).map((chunk) => toRecord(file.fileId, chunk))
    await checkCurrent(runs, file)
    written.chunks = Math.max(...records.map(({ chunk }) => chunk.index + 1))
    await vectors.upsert(namespace, records, options)
  }
}

/** A worker that was cut off is replaced without its knowing: it must not write on after that. @throws Failure CANCELLED */
async function checkCurrent(runs: FileRuns, file: EmbeddedFile): Promise<void> {
  if (!(await runs.isCurrent(file, 'store', activityInfo().attempt))) throw cancelled(file)
}

/** @throws Failure CANCELLED where the file was cancelled or removed, or has another turn; EXPERT_REINDEXED */
async function settle({ runs }: Uses, file: EmbeddedFile, generation: number, seconds: number): Promise<void> {
  const { prefix, pages, pagesSkipped, chunks, tokens, tokensReused } = file
  const settled = await runs.markIndexed(file, {
    ...{ generation, sha256: derivedFrom(prefix), pages, pagesSkipped, chunks, tokens, tokensReused },
    recipe: recipeIn(prefix),
    seconds: { ...file.seconds, store: seconds },
  })
  // Unless another attempt was faster.
  if (!settled && !(await runs.isIndexed(file))) throw cancelled(file)
}

/**
 * Removes what this attempt has written, unless somebody works on the file, or has indexed it: another attempt or turn
 * writes the same ids, and whoever settles the file removes them. Nobody may come after this attempt who would do it, so it
 * does not give up at once, nor where the attempt is cancelled.
 */
async function withdraw({ runs, vectors }: Uses, file: EmbeddedFile, written: Written, error: unknown): Promise<void> {
  const { generation, namespace, chunks } = written
  if (chunks === 0) return
  // Where another generation serves by now, whoever works on the file writes into that one.
  const build = isReindexed(error) ? generation : file.build
  await persistently(async () => {
    if (!(await runs.accountFor({ ...file, build }, chunks))) await vectors.deleteFile(namespace, file.fileId, chunks)
  })
}

const cancelled = ({ fileId }: EmbeddedFile) => new Failure('CANCELLED', { fileId })
const reindexed = ({ expertId, fileId }: EmbeddedFile) => new Failure('EXPERT_REINDEXED', { expertId, fileId })
const isReindexed = (error: unknown) => error instanceof Failure && error.code === 'EXPERT_REINDEXED'

function toRecord(fileId: string, { vector, ...chunk }: EmbeddedChunk): VectorRecord {
  return { id: chunkId(fileId, chunk.index), fileId, chunk, vector }
}
