/*
 * The program of each thread that embeds. It is given a few texts at a time, and runs the model over one after the other:
 * beside others a text would get another vector, and waste time on padding (docs/decisions/local-embeddings.md).
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Embedded, ThreadData } from './embedding-task.ts'
import { isUnchanged } from './model-folder.ts'
import { openModel, TooLong } from './open-model.ts'
import { ThreadState } from './thread-state.ts'

const { packageDir, model: folder, state: memory } = workerData as ThreadData
const state = new ThreadState(memory)

const embedOne = await state.compute(openSameModel)
const first = await state.compute(async () => embedOne?.('a'))
if (first && first.length !== folder.dimensions)
  throw new Error(`it gives vectors of ${first.length} dimensions, and its config.json says ${folder.dimensions}`)

/** Threads are started when they are needed, and the folder may have another model by then. */
async function openSameModel() {
  const embed = await openModel(packageDir, folder)
  if (!(await isUnchanged(folder)))
    throw new Error(`${folder.path} has another model by now, and had ${folder.name}: restart Expertsmith`)
  return embed
}

async function embed(texts: readonly string[]): Promise<Embedded> {
  const vectors = new Float32Array(texts.length * folder.dimensions)
  for (const [index, text] of texts.entries())
    try {
      const vector = await state.compute(async () => embedOne?.(text))
      if (!vector) return { failed: 'the thread was stopped' }
      vectors.set(vector, index * folder.dimensions)
    } catch (error) {
      if (error instanceof TooLong) return { tooLong: { tokens: error.tokens } }
      return { failed: error instanceof Error ? error.message : String(error) }
    }
  return { vectors }
}

/** `null` ends the thread. */
parentPort?.on('message', async (texts: readonly string[] | null) => {
  if (!texts) return parentPort?.close()
  const answer = await embed(texts)
  parentPort?.postMessage(answer, 'vectors' in answer ? [answer.vectors.buffer] : [])
})

if (first) parentPort?.postMessage('ready')
