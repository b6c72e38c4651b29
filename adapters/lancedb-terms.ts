import type { Table } from '@lancedb/lancedb'
import { toMatch } from './chunk-fields.ts'
import type { FoundRowWithVector } from './lancedb-rows.ts'
import { TERMS, toRow } from './lancedb-rows.ts'

/* What tables of an earlier version lack: the terms that their rows are found by. */

const ROWS_AT_ONCE = 1_000
const LACKING = `${TERMS} is null`

/** Makes the column where there is none, empty, which takes milliseconds. */
export async function addTerms(table: Table): Promise<void> {
  if (await hasTerms(table)) return
  await table.addColumns([{ name: TERMS, valueSql: 'cast(null as string)' }]).catch(async (error: unknown) => {
    // Another process may have made it a moment ago.
    await table.checkoutLatest()
    if (!(await hasTerms(table))) throw error
  })
}

const hasTerms = async (table: Table) => (await table.schema()).fields.some(({ name }) => name === TERMS)

export const lacksTerms = async (table: Table) => (await table.countRows(LACKING)) > 0

/** Gives terms to some of the rows that have none. */
export async function fillSomeTerms(table: Table): Promise<void> {
  const found: FoundRowWithVector[] = await table.query().where(LACKING).limit(ROWS_AT_ONCE).toArray()
  if (found.length > 0) await table.mergeInsert('id').whenMatchedUpdateAll().execute(found.map(withTerms))
}

/** With their indexes. */
export async function dropEarlierTerms(table: Table): Promise<void> {
  const names = (await table.schema()).fields.map(({ name }) => name)
  const earlier = names.filter((name) => /^terms_\d+$/.test(name) && name !== TERMS)
  if (earlier.length > 0) await table.dropColumns(earlier)
}

function withTerms(row: FoundRowWithVector) {
  const { fileId, chunk } = toMatch(row, 0)
  return toRow({ id: row.id, fileId, chunk, vector: row.vector.toArray() as Float32Array })
}
