import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** How the vectors of a text's tokens become one: their average, or the vector of the first or the last of them. */
export type Pooling = 'mean' | 'cls' | 'last_token'

export type ModelFolder = {
  readonly path: string
  /** `all-MiniLM-L6-v2@1f2a3b4c` */
  readonly name: string
  readonly dtype: Dtype
  readonly pooling: Pooling
  readonly dimensions: number
  /** The most tokens of one text, the special ones included. */
  readonly maxTokens: number
}

type Json = Readonly<Record<string, unknown>>
type Dtype = keyof typeof ONNX_FILES

/** Quantised first: a quarter of the size, and faster. */
const ONNX_FILES = { q8: 'onnx/model_quantized.onnx', fp32: 'onnx/model.onnx' } as const
export const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const
export const QUANTISED = ONNX_FILES.q8
/** Of sentence-transformers; a model without it is taken to average. */
export const POOLING = '1_Pooling/config.json'

const USUAL_MAX_TOKENS = 512
/** Tokenizers that know no limit say 10^30. */
const LONGEST_KNOWN = 1_000_000

/** What the folder lacks, or undefined where all is there. */
export function missingIn(path: string): string | undefined {
  const missing = NEEDED.find((file) => !existsSync(join(path, file)))
  if (missing) return missing
  return dtypeOf(path) ? undefined : `${ONNX_FILES.q8} or ${ONNX_FILES.fp32}`
}

const dtypeOf = (path: string): Dtype | undefined =>
  (Object.keys(ONNX_FILES) as Dtype[]).find((dtype) => existsSync(join(path, ONNX_FILES[dtype])))

/** @throws Error with a sentence that says what is wrong with the folder */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  const dtype = dtypeOf(path)
  const missing = missingIn(path)
  if (missing || !dtype) throw new Error(`${path} is no model that can be used: it has no ${missing}.`)
  const [config, tokenizer] = await Promise.all([
    readJson(path, 'config.json'),
    readJson(path, 'tokenizer_config.json'),
  ])
  const pooling = await readPooling(path)
  return {
    path,
    name: `${basename(path)}@${await fingerprint(path, ONNX_FILES[dtype], pooling)}`,
    dtype,
    pooling,
    dimensions: dimensionsIn(config, path),
    maxTokens: maxTokensIn(config, tokenizer),
  }
}

/** Eight hexadecimal digits of what vectors depend on: another export of the same model gives others. */
async function fingerprint(path: string, onnxFile: string, pooling: Pooling): Promise<string> {
  const hash = createHash('sha256')
  for (const file of [...(await weightsOf(path, onnxFile)), 'tokenizer.json'])
    for await (const bytes of createReadStream(join(path, file))) hash.update(bytes)
  if (pooling !== 'mean') hash.update(pooling)
  return hash.digest('hex').slice(0, 8)
}

/** Large models have their weights beside the graph, in `model.onnx_data` and the like. */
async function weightsOf(path: string, onnxFile: string): Promise<string[]> {
  const dir = dirname(onnxFile)
  const names = await readdir(join(path, dir))
  return names
    .filter((name) => name.startsWith(basename(onnxFile)))
    .sort()
    .map((name) => join(dir, name))
}

function dimensionsIn(config: Json, path: string): number {
  const dimensions = [config.hidden_size, config.dim, config.d_model].find(Number.isInteger)
  if (typeof dimensions === 'number') return dimensions
  throw new Error(`${join(path, 'config.json')} has no hidden_size, so it is not that of a model for texts.`)
}

function maxTokensIn(config: Json, tokenizer: Json): number {
  const limits = [tokenizer.model_max_length, config.max_position_embeddings].filter(
    (limit) => typeof limit === 'number' && limit > 0 && limit < LONGEST_KNOWN,
  )
  return limits.length > 0 ? Math.min(...(limits as number[])) : USUAL_MAX_TOKENS
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
