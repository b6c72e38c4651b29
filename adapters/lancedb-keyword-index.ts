import type { FtsOptions, Table } from '@lancedb/lancedb'
import { Index } from '@lancedb/lancedb'
import { TERMS } from './lancedb-rows.ts'
import { dropEarlierTerms, fillSomeTerms, lacksTerms } from './lancedb-terms.ts'

// Lance builds a full-text index on threads that wait for others of the same pool. It has as many as there are cores beyond two, so
// that on two cores it waits forever: https://github.com/lancedb/lancedb/issues/3568. One builder and a pool that is larger cannot.
process.env.LANCE_CPU_THREADS ??= '8'
process.env.LANCE_FTS_NUM_SHARDS ??= '1'

/** Rows that are not in the index are found all the same, by reading them; they are rated by counts of their own. */
const STALE_SHARE = 0.2
const SMALL_TABLE = 1_000

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
  await fillSomeTerms(table)
  if (await lacksTerms(table)) return
  await table.createIndex(TERMS, { config: Index.fts(OPTIONS) })
  await dropEarlierTerms(table)
  // An earlier version's, which would be kept up with every row.
  for (const { name, columns } of await table.listIndices()) if (!columns.includes(TERMS)) await table.dropIndex(name)
}

/**
 * Makes the index where there is none, and after each write of a small table, where that takes milliseconds and a few rows more change
 * all ratings. A table must have rows: an index that was made of none finds nothing later on. A large table of an earlier version gets its
 * terms, and then the index, from the next quiet moment on.
 */
export async function keepKeywordIndex(table: Table): Promise<void> {
  if ((await table.countRows()) <= SMALL_TABLE) await renewKeywordIndex(table)
  else if (!(await hasKeywordIndex(table)) && !(await lacksTerms(table))) await indexKeywords(table)
}

/** Makes the index anew where too much is not in it, or there is none; not before all rows have terms. */
export async function renewKeywordIndex(table: Table): Promise<void> {
  const rows = await table.countRows()
  if (rows === 0) return
  const index = await indexOf(table)
  const { numUnindexedRows = 0 } = (index && (await table.indexStats(index.name))) ?? {}
  if (!index || numUnindexedRows > STALE_SHARE * rows) await indexKeywords(table)
}
