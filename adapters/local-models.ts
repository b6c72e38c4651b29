import { glob, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EmbeddingsConfig } from '../config.ts'
import type { WantedModel } from '../domain/embedders.ts'
import type { ModelFolder } from './local/model-folder.ts'
import { readModelFolder } from './local/model-folder.ts'
import type { LocalOptions } from './local-embedder.ts'
import { LocalEmbedder } from './local-embedder.ts'

/** What there is of a model, or why there is nothing. */
type Read = ModelFolder | string

/** The local model that is set up, and those beside it that older experts were made with, which are loaded once one is asked for. */
export class LocalModels {
  readonly #options: LocalOptions | undefined
  readonly #usual: Read
  readonly #others: readonly Read[]
  readonly #open: Map<string, LocalEmbedder>

  private constructor(options: LocalOptions | undefined, usual: Read, others: readonly Read[], open?: LocalEmbedder) {
    this.#options = options
    this.#usual = usual
    this.#others = others
    this.#open = new Map(open && [[open.model, open]])
  }

  /** @throws Error where the one that is set up is chosen, and cannot be loaded */
  static async open(config: EmbeddingsConfig): Promise<LocalModels> {
    const { provider, local, whyNotLocal = 'no local model is set up', otherLocal } = config
    const open = local && provider === 'local' ? await LocalEmbedder.open(local) : undefined
    const usual = open?.folder ?? (local ? await read(local.modelPath) : whyNotLocal)
    const paths = otherLocal ? await foldersIn(otherLocal.modelsDir) : []
    const others: Read[] = []
    for (const path of paths)
      if (!local || (await real(path)) !== (await real(local.modelPath))) others.push(await read(path))
    return new LocalModels(local ?? otherLocal, usual, others, open)
  }

  /** @returns why it is not available, and what makes it so, where it is not */
  find({ model, dimensions }: WantedModel): LocalEmbedder | string {
    const isIt = (each: Read): each is ModelFolder =>
      typeof each !== 'string' &&
      (model ?? each.name) === each.name &&
      (dimensions ?? each.dimensions) === each.dimensions
    // Without a name it is the usual one that is meant.
    const found = [this.#usual, ...(model === undefined ? [] : this.#others)].find(isIt)
    return found ? this.#embedder(found) : this.#why()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((embedder) => embedder.close()))
  }

  #embedder(folder: ModelFolder): LocalEmbedder | string {
    const known = this.#open.get(folder.name)
    if (known) return known
    if (!this.#options) return this.#why()
    try {
      const made = LocalEmbedder.spare(folder, this.#options)
      this.#open.set(folder.name, made)
      return made
    } catch (error) {
      return messageOf(error)
    }
  }

  #why(): string {
    const usual =
      typeof this.#usual === 'string'
        ? `${this.#usual}; npm run setup:local sets one up`
        : `the local model that is set up is ${named(this.#usual)}, and EMBEDDING_MODEL_PATH chooses it`
    const others = this.#others.map((each) => (typeof each === 'string' ? each : named(each)))
    return others.length > 0 ? `${usual}; beside it there are ${others.join(', ')}` : usual
  }
}

const read = (path: string): Promise<Read> => readModelFolder(path).catch(messageOf)

/** `<owner>/<name>`, as `setup local` keeps them. */
async function foldersIn(modelsDir: string): Promise<string[]> {
  const found = await Array.fromAsync(glob('*/*/config.json', { cwd: modelsDir }))
  return found.map((file) => join(modelsDir, dirname(file))).sort()
}

const real = (path: string): Promise<string> => realpath(path).catch(() => path)

const named = ({ name, dimensions }: ModelFolder) => `${name} (${dimensions})`

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
