import type { ModelFolder } from './model-folder.ts'

/* What a thread and the one who started it say to each other. */

/** How a thread is started. */
export type ThreadOptions = {
  readonly packageDir: string
  readonly model: ModelFolder
}

export type ThreadData = ThreadOptions & { readonly state: SharedArrayBuffer }

/** What a thread answers, after a first message once the model is loaded. `vectors` has those of all texts, one behind the other. */
export type Embedded =
  | { readonly vectors: Float32Array<ArrayBuffer> }
  | { readonly tooLong: { readonly tokens: number } }
  | { readonly failed: string }
