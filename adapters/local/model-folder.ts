import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Dtype } from './why-not-set-up.ts'
import { dtypeOf, ONNX_FILES, whyNoModel } from './why-not-set-up.ts'

/** How the vectors of a text's tokens become one: their average, or the vector of the first or the last of them. */
export type Pooling = 'mean' | 'cls' | 'last_token'

export type ModelFolder = {
  readonly path: string
  /** `all-MiniLM-L6-v2@1f2a3b4c` */
  readonly name: string
  /** Of the files that the name depends on: the same as long as nobody has written or replaced them. */
  readonly stamp: string
  readonly dtype: Dtype
  readonly pooling: Pooling
  readonly dimensions: number
  /** The most tokens of one text, the special ones included. */
  readonly maxTokens: number
}

type Json = Readonly<Record<string, unknown>>

/** Of sentence-transformers; a model without it is taken to average. */
export const POOLING = '1_Pooling/config.json'

const USUAL_MAX_TOKENS = 512
/** Tokenizers that know no limit say 10^30. */
const LONGEST_KNOWN = 1_000_000

/** @throws Error with a sentence that says what is wrong with the folder */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const dtype = dtypeOf(path)
  const reason = whyNoModel(path)
  if (reason || !dtype) throw new Error(`It is no model that can be used: ${reason}.`)
  const [config, tokenizer] = await Promise.all([
    readJson(path, 'config.json'),
    readJson(path, 'tokenizer_config.json'),
  ])
  const pooling = await readPooling(path)
  const stamp = await stampOf(path, dtype)
  return {
    path,
    name: await nameOf(path, dtype, pooling),
    stamp,
    dtype,
    pooling,
    dimensions: dimensionsIn(config, path),
    maxTokens: maxTokensIn(config, tokenizer),
  }
}

/** With eight hexadecimal digits of what vectors depend on: another export of the same model gives others. */
async function nameOf(path: string, dtype: Dtype, pooling: Pooling): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await filesOf(path, dtype)) for await (const bytes of createReadStream(file)) hash.update(bytes)
  if (pooling !== 'mean') hash.update(pooling)
  return `${basename(path)}@${hash.digest('hex').slice(0, 8)}`
}

async function stampOf(path: string, dtype: Dtype): Promise<string> {
  const stats = await Promise.all((await filesOf(path, dtype)).map((file) => stat(file)))
  return stats.map(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`).join()
}

/** The folder has the same model still. It is hashed again only where its files are not quite those that were hashed. */
export async function isUnchanged({ path, dtype, stamp, name }: ModelFolder): Promise<boolean> {
  return (await stampOf(path, dtype)) === stamp || (await readModelFolder(path)).name === name
}

/** Large models have their weights beside the graph, in `model.onnx_data` and the like. */
async function filesOf(path: string, dtype: Dtype): Promise<string[]> {
  const onnx = join(path, ONNX_FILES[dtype])
  const names = await readdir(dirname(onnx))
  const weights = names.filter((name) => name.startsWith(basename(onnx))).sort()
  return [...weights.map((name) => join(dirname(onnx), name)), join(path, 'tokenizer.json')]
}

function dimensionsIn(config: Json, path: string): number {
  const dimensions = [config.hidden_size, config.dim, config.d_model].find(Number.isInteger)
  if (typeof dimensions === 'number') return dimensions
  throw new Error(`${join(path, 'config.json')} has no hidden_size, so it is not that of a model for texts.`)
}

function maxTokensIn(config: Json, tokenizer: Json): number {
  const limits = [tokenizer.model_max_length, positionsIn(config)].filter(
    (limit) => typeof limit === 'number' && limit > 0 && limit < LONGEST_KNOWN,
  )
  return limits.length > 0 ? Math.min(...(limits as number[])) : USUAL_MAX_TOKENS
}

/** RoBERTa's kind counts positions from behind the padding token's: the first two of its 514 are no token's. */
function positionsIn({ model_type, max_position_embeddings: positions, pad_token_id: padding }: Json): unknown {
  const isShifted = typeof model_type === 'string' && /roberta|camembert|mpnet/.test(model_type)
  return isShifted && typeof positions === 'number' && typeof padding === 'number' ? positions - padding - 1 : positions
}

async function readPooling(path: string): Promise<Pooling> {
  if (!existsSync(join(path, POOLING))) return 'mean'
  const config = await readJson(path, POOLING)
  const modes = Object.entries(config).flatMap(([key, value]) => {
    if (key === 'pooling_mode') return [String(value)]
    return key.startsWith('pooling_mode_') && value === true ? [key.slice('pooling_mode_'.length)] : []
  })
  const pooling = modes.length === 1 ? POOLINGS[modes[0] ?? ''] : undefined
  if (pooling) return pooling
  throw new Error(
    `${join(path, POOLING)} asks for a pooling by ${modes.join(' and ') || 'nothing'}; only ${Object.keys(POOLINGS).join(', ')} are supported.`,
  )
}

/** As sentence-transformers names them, in its older and newer files. */
const POOLINGS: Readonly<Record<string, Pooling>> = {
  mean_tokens: 'mean',
  cls_token: 'cls',
  lasttoken: 'last_token',
  mean: 'mean',
  cls: 'cls',
}

async function readJson(path: string, file: string): Promise<Json> {
  try {
    const json: unknown = JSON.parse(await readFile(join(path, file), 'utf8'))
    if (typeof json === 'object' && json !== null) return json as Json
    throw new Error('it holds no object')
  } catch (cause) {
    throw new Error(`${join(path, file)} cannot be read: ${(cause as Error).message}.`, { cause })
  }
}
