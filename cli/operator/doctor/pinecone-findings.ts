import { indexFor, ours } from '../../../adapters/pinecone-indexes.ts'
import type { PineconeIndex } from '../../../adapters/pinecone-probe.ts'
import type { Finding } from './check.ts'
import { failed, ok, warning } from './check.ts'

/** Is no length that vectors have. */
export const UNKNOWN = -1

/** What the indexes that are there mean for vectors of several lengths. */
export class PineconeFindings {
  readonly #index: string
  /** Of new experts; undefined where it is not known. */
  readonly #dimensions: number | undefined
  readonly #found: readonly PineconeIndex[]

  constructor(index: string, dimensions: number | undefined, found: readonly PineconeIndex[]) {
    this.#index = index
    this.#dimensions = dimensions
    this.#found = found
  }

  nameFor(length: number): string {
    const options = { index: this.#index, dimensions: this.#dimensions ?? UNKNOWN }
    return indexFor(length, ours(this.#found, this.#index), options)
  }

  /** Whether vectors of new experts have their index, be it of the right length or not. */
  get isMade(): boolean {
    return this.#dimensions !== undefined && this.#for(this.#dimensions) !== undefined
  }

  /** `inUse`: the lengths of vectors that are stored. */
  indexes(inUse: readonly number[]): Finding {
    const wanted = [...new Set(this.#dimensions === undefined ? inUse : [this.#dimensions, ...inUse])]
    const taken = wanted.find((length) => (this.#for(length)?.dimension ?? length) !== length)
    if (taken !== undefined) return this.#taken(taken)
    const lost = inUse.find((length) => !this.#for(length))
    if (lost !== undefined) return gone(this.nameFor(lost), lost)
    if (this.#dimensions !== undefined && !this.isMade) return this.#notMade(this.#dimensions)
    const needed = wanted.flatMap((length) => this.#for(length) ?? [])
    return needed.length > 0 ? described(needed) : ok('none is needed for what is stored')
  }

  /** An index has vectors of one length: those of other models are in others. */
  lengths(dimensions: number): string {
    const chosen = this.nameFor(dimensions)
    const others = this.#found.filter(({ name }) => name !== chosen)
    const told = others.map(({ name, dimension }) => `${dimension ?? 'of any length'} in ${name}`)
    return [`${dimensions} of new experts in ${chosen}`, ...told].join(', ')
  }

  #for(length: number): PineconeIndex | undefined {
    return this.#named(this.nameFor(length))
  }

  #named(wanted: string): PineconeIndex | undefined {
    return this.#found.find(({ name }) => name === wanted)
  }

  #taken(length: number): Finding {
    const name = this.nameFor(length)
    return failed(
      `${name} is there with ${this.#named(name)?.dimension} dimensions, so vectors of ${length} cannot be stored`,
      `Delete ${name} if nothing needs it: it is made anew with the first file; or set PINECONE_INDEX to another name`,
    )
  }

  #notMade(dimensions: number): Finding {
    const name = this.nameFor(dimensions)
    const first = this.#named(this.#index)
    if (!first) return ok(`${name} is made with the first file`)
    return ok(
      `${first.name} is there with ${first.dimension} dimensions, and stays; ${name}, for the ${dimensions} of new experts, is made with the first file`,
    )
  }
}

function described(found: readonly PineconeIndex[]): Finding {
  const names = found.map(({ name }) => name).join(', ')
  const other = found.find(({ metric }) => metric !== undefined && metric !== 'cosine')
  if (other)
    return failed(
      `${other.name} has the metric ${other.metric}, not cosine`,
      'Set PINECONE_INDEX to one with the metric cosine; one that does not exist is made with the first file',
    )
  const late = found.find(({ isReady }) => !isReady)
  if (late) return warning(`${late.name} is not ready yet`, 'Wait, and look again')
  return ok(`${names} ${found.length === 1 ? 'is' : 'are'} ready`)
}

const gone = (index: string, dimensions: number): Finding =>
  failed(
    `${index} is gone, and with it the vectors of files that are indexed`,
    `Restore it; or create it with ${dimensions} dimensions and the metric cosine, then: npm run expertsmith -- rebuild-vectors`,
  )
