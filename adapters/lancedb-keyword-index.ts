import type { FtsOptions, Table } from '@lancedb/lancedb'
import { Index } from '@lancedb/lancedb'
import { TERMS } from './lancedb-rows.ts'
import { fillTerms, lacksTerms } from './lancedb-terms.ts'

// Lance builds a full-text index on threads that wait for others of the same pool. It has as many as there are cores beyond two, so
// that on two cores it waits forever: https://github.com/lancedb/lancedb/issues/3568. One builder and a pool that is larger cannot.
process.env.LANCE_CPU_THREADS ??= '8'
process.env.LANCE_FTS_NUM_SHARDS ??= '1'

/** Rows that are not in the index are found all the same, by reading them; they are rated by counts of their own. */
const STALE_SHARE = 0.2
const SMALL_TABLE = 1_000
const QUIET_MS = 1_000
/** Another process may be at the same, so that one of both is turned away. */
const TRIES = 5

/** The terms are as they are looked for: nothing is to be made of them. */
const OPTIONS: Partial<FtsOptions> = {
  baseTokenizer: 'whitespace',
  // In bytes; no term has more.
  maxTokenLength: 256,
  ...{ lowercase: false, asciiFolding: false, stem: false, removeStopWords: false },
  // Only phrases need them.
  withPosition: false,
}

const indexOf = async (table: Table) => (await table.listIndices()).find(({ columns }) => columns.includes(TERMS))

export const hasKeywordIndex = async (table: Table) => (await indexOf(table)) !== undefined

async function indexKeywords(table: Table): Promise<void> {
  await fillTerms(table)
  await table.createIndex(TERMS, { config: Index.fts(OPTIONS) })
  // An earlier version's, which would be kept up with every row.
  for (const { name, columns } of await table.listIndices()) if (!columns.includes(TERMS)) await table.dropIndex(name)
}

/**
 * Makes the index where there is none, and after each write of a small table, where that takes milliseconds and a few rows more change
 * all ratings. A table must have rows: an index that was made of none finds nothing later on. A large table of an earlier version gets its
 * terms, and the index, at the next quiet moment.
 */
export async function keepKeywordIndex(table: Table): Promise<void> {
  if ((await table.countRows()) <= SMALL_TABLE) await renewKeywordIndex(table)
  else if (!(await hasKeywordIndex(table)) && !(await lacksTerms(table))) await indexKeywords(table)
}

/** Makes the index anew where too much is not in it, or there is none. */
export async function renewKeywordIndex(table: Table): Promise<void> {
  const rows = await table.countRows()
  if (rows === 0) return
  const index = await indexOf(table)
  const { numUnindexedRows = 0 } = (index && (await table.indexStats(index.name))) ?? {}
  if (!index || numUnindexedRows > STALE_SHARE * rows) await indexKeywords(table)
}

/** Calls back for a namespace once it has been left alone for a moment: while files stream in an index would be made again and again. */
export class QuietTimer {
  readonly #timers = new Map<string, NodeJS.Timeout>()
  readonly #onQuiet: (namespace: string) => Promise<void>
  readonly #delay: number

  constructor(onQuiet: (namespace: string) => Promise<void>, delay = QUIET_MS) {
    this.#onQuiet = onQuiet
    this.#delay = delay
  }

  /** `tries`: how often what fails is tried, ever later; until it is done all rows are found as before. */
  touch(namespace: string, tries = TRIES, delay = this.#delay): void {
    this.forget(namespace)
    const ring = () => {
      this.#timers.delete(namespace)
      this.#onQuiet(namespace).catch(() => {
        if (tries > 1 && !this.#timers.has(namespace)) this.touch(namespace, tries - 1, delay * 2)
      })
    }
    this.#timers.set(namespace, setTimeout(ring, delay).unref())
  }

  forget(namespace: string): void {
    clearTimeout(this.#timers.get(namespace))
    this.#timers.delete(namespace)
  }

  /** @returns the namespaces whose moment had not come */
  stop(): string[] {
    const waiting = [...this.#timers.keys()]
    for (const namespace of waiting) this.forget(namespace)
    return waiting
  }
}
