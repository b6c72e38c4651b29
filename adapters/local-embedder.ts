import type { Embedder, EmbedOptions } from '../domain/ports.ts'

/** Where things are, as `setup local` left them. */
export type LocalSetup = {
  /** A folder with config.json, tokenizer.json and onnx/model_quantized.onnx, or onnx/model.onnx. */
  readonly modelPath: string
  /** Where @huggingface/transformers is installed. */
  readonly packageDir: string
}

export type LocalOptions = LocalSetup & { readonly threads: number }

/** A sentence that says what is missing, or undefined where a local embedder can be opened. Looks at file names only. */
export function whyNotSetUp(_setup: LocalSetup): string | undefined {
  return 'The local embedder is not set up. Run npm run setup:local.'
}

/** Embeddings by a model on this machine, in threads. */
export class LocalEmbedder implements Embedder {
  /** `<name of the folder>@<8 hexadecimal digits of what its vectors depend on>` */
  readonly model: string
  readonly isSemantic = true
  readonly dimensions: number
  readonly limits: Embedder['limits']
  readonly countTokens: Embedder['countTokens']

  private constructor(facts: Pick<Embedder, 'model' | 'dimensions' | 'limits' | 'countTokens'>) {
    this.model = facts.model
    this.dimensions = facts.dimensions
    this.limits = facts.limits
    this.countTokens = facts.countTokens
  }

  /** Resolves once it can embed. @throws Error that says what is wrong with the set-up, and what to do */
  static async open(setup: LocalOptions): Promise<LocalEmbedder> {
    throw new Error(whyNotSetUp(setup))
  }

  async embed(_texts: readonly string[], _options?: EmbedOptions): Promise<Float32Array[]> {
    return []
  }

  /** Ends its threads. What is still being embedded fails with EMBEDDING_UNAVAILABLE. */
  async close(): Promise<void> {}
}
