import { createRequire } from 'node:module'
import { join } from 'node:path'

/* What we use of packages that are installed on demand (setup local), and so have no types here. */

export type Tensor = { readonly dims: readonly number[]; readonly data: Float32Array }
type Inputs = Readonly<Record<string, Tensor>> & { readonly input_ids: Tensor }
type Outputs = Readonly<Record<string, Tensor | undefined>>

type TextModel = (inputs: Inputs) => Promise<Outputs>
type ModelInputs = (text: string) => Inputs

type ModelOptions = {
  readonly device: 'cpu'
  readonly dtype: string
  readonly session_options: Readonly<Record<string, unknown>>
}

export type Transformers = {
  readonly env: { allowRemoteModels: boolean; useFSCache: boolean; logLevel: number }
  readonly LogLevel: { readonly NONE: number }
  readonly AutoTokenizer: { from_pretrained(path: string): Promise<ModelInputs> }
  readonly AutoModel: { from_pretrained(path: string, options: ModelOptions): Promise<TextModel> }
}

export type Tokenizers = {
  readonly Tokenizer: new (
    tokenizer: unknown,
    config: unknown,
  ) => {
    encode(text: string, options?: { readonly add_special_tokens: boolean }): { readonly ids: readonly number[] }
  }
}

export const TRANSFORMERS = '@huggingface/transformers'

/** With the native part of ONNX. @throws Error where it is not installed, or not for this platform */
export const loadTransformers = (packageDir: string): Transformers => requireFrom(packageDir)(TRANSFORMERS)

/** JavaScript only. */
export const loadTokenizers = (packageDir: string): Tokenizers => requireFrom(packageDir)('@huggingface/tokenizers')

const requireFrom = (packageDir: string) => createRequire(join(packageDir, 'package.json'))
