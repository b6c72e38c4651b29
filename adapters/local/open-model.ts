import type { ModelFolder } from './model-folder.ts'
import { pool } from './pool.ts'
import { loadTransformers } from './transformers.ts'

/** `tokens`: with the special ones. */
export class TooLong extends Error {
  readonly tokens: number

  constructor(tokens: number) {
    super(`${tokens} tokens are too many`)
    this.tokens = tokens
  }
}

/** One core for a text at a time: several threads do more than one that has several cores. */
const SESSION = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  // Else it keeps as much memory as the longest text has ever taken.
  enableCpuMemArena: false,
  enableMemPattern: false,
}

/** Loads the model. What it returns gives the vector of a text, of length 1. @throws Error where ONNX cannot load it */
export async function openModel(
  packageDir: string,
  folder: ModelFolder,
): Promise<(text: string) => Promise<Float32Array>> {
  const { env, LogLevel, AutoTokenizer, AutoModel } = loadTransformers(packageDir)
  env.allowRemoteModels = false
  env.useFSCache = false
  // It would write what it was given, which is text of documents.
  env.logLevel = LogLevel.NONE
  const toInputs = await AutoTokenizer.from_pretrained(folder.path)
  const options = { device: 'cpu', dtype: folder.dtype, session_options: SESSION } as const
  const run = await AutoModel.from_pretrained(folder.path, options)
  return async (text) => {
    const inputs = toInputs(text)
    const tokens = inputs.input_ids.dims[1] ?? 0
    if (tokens > folder.maxTokens) throw new TooLong(tokens)
    const outputs = await run(inputs)
    const ofTokens = outputs.last_hidden_state ?? outputs.token_embeddings
    if (!ofTokens) throw new Error(`the model gives no vectors, but ${Object.keys(outputs).join(', ')}`)
    return pool(ofTokens, folder.pooling)
  }
}
