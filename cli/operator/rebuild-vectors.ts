import type { Connection } from '@temporalio/client'
import { Client } from '@temporalio/client'
import { openEmbedders } from '../../adapters/embedders.ts'
import { openDatabase } from '../../adapters/postgres-database.ts'
import type { Marked } from '../../adapters/postgres-rebuild.ts'
import { markForRebuild } from '../../adapters/postgres-rebuild.ts'
import { loadRebuildConfig, type RebuildConfig } from '../../config.ts'
import type { Embedders, ModelOfExpert } from '../../domain/embedders.ts'
import type { Expert } from '../../domain/expert.ts'
import { isUuid } from '../../domain/is-uuid.ts'
import type { CreateExpertWorkflow, RetryRequest } from '../../workflows/contract.ts'
import { CREATE_EXPERT, createExpertStart, retryFailedFiles } from '../../workflows/contract.ts'
import { connectTemporal } from '../connect-temporal.ts'
import { EXIT } from '../exit-codes.ts'
import { count, print, printJson, say } from '../output.ts'
import { plainLine } from '../plain-text.ts'
import { UsageError } from '../usage-error.ts'

const OTHERWISE = 'Workers that have that model could: OPENAI_API_KEY, or npm run setup:local and EMBEDDING_MODEL_PATH.'

/**
 * Has workers store the vectors of experts again, all of them where none is named: after the vectors were lost. What was read and
 * embedded before is in the object store, so that nothing is paid for. Can be repeated at any time.
 */
export async function rebuildVectors(expertIds: readonly string[], { json = false }: { readonly json?: boolean }) {
  const wrong = expertIds.filter((id) => !isUuid(id))
  if (wrong.length > 0)
    throw new UsageError(`${wrong.join(', ')} is not the id of an expert; expertsmith status lists them.`)
  const config = loadRebuildConfig()
  // Before anything is marked: files that nobody takes up would be missing from searches.
  const connection = await connectTemporal(config.temporal)
  const database = openDatabase({ ...config.database, connections: 1 }, () => undefined)
  const embedders = await openEmbedders(config.embeddings)
  try {
    const ids = expertIds.length > 0 ? expertIds : undefined
    const marked = await markForRebuild(database, (expert) => isAvailable(embedders, expert), ids)
    for (const expert of marked.experts) await start(connection, config, expert)
    tell(marked, expertIds, json)
  } finally {
    await Promise.all([connection.close(), database.end(), embedders.close()])
  }
}

function isAvailable(embedders: Embedders, expert: ModelOfExpert): boolean {
  try {
    return embedders.of(expert) !== undefined
  } catch {
    return false
  }
}

/** A retry of no file: whether a run waits, works, is paused or has ended, it takes up what is pending. */
async function start(connection: Connection, { temporal }: RebuildConfig, expert: Expert): Promise<void> {
  const { workflow } = new Client({ connection, namespace: temporal.namespace })
  await workflow.signalWithStart<CreateExpertWorkflow, [RetryRequest]>(CREATE_EXPERT, {
    ...createExpertStart(expert),
    taskQueue: temporal.taskQueue,
    signal: retryFailedFiles,
    signalArgs: [{ fileIds: [] }],
  })
}

function tell({ experts, others, reindexed }: Marked, asked: readonly string[], json: boolean): void {
  const started = experts.map(({ id, name, progress }) => ({ expert_id: id, name, files: progress.pending }))
  const known = [...experts, ...others, ...reindexed]
  const missing = asked.filter((id) => !known.some((expert) => expert.id === id.toLowerCase()))
  const left = others.map(({ id, name, model, dimensions }) => ({ expert_id: id, name, model, dimensions }))
  const underWay = reindexed.map(({ id, name }) => ({ expert_id: id, name }))
  if (json) printJson({ experts: started, without_files: missing, other_models: left, reindexed: underWay })
  else
    for (const { expert_id, name, files } of started) print(`${expert_id}  ${count(files, 'file')}  ${plainLine(name)}`)
  for (const { expert_id, name, model, dimensions } of left)
    say(
      `Left as it is: ${expert_id} (${plainLine(name)}), made with ${model} of ${dimensions} dimensions. ${OTHERWISE}`,
    )
  for (const { expert_id, name } of underWay)
    say(
      `Left as it is: ${expert_id} (${plainLine(name)}) is being re-indexed. End that first, which needs none of the vectors: expertsmith reindex ${expert_id} --cancel before it has switched, --finish after it.`,
    )
  if (left.length > 0 || underWay.length > 0) process.exitCode = EXIT.partly
  if (missing.length > 0) {
    say(`There is nothing to store again of ${missing.join(', ')}: no such expert, or no file is indexed.`)
    process.exitCode = EXIT.partly
  }
  if (!json) say(`Started ${count(started.length, 'expert')}; expertsmith status tells how far they are.`)
}
