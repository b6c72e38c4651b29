import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROBLEMS } from '../api/problem.ts'
import { DOCUMENT_TYPES } from '../domain/document-type.ts'
import { FAILURES } from '../domain/failure.ts'

const read = (path: string) => readFile(join(import.meta.dirname, '..', path), 'utf8')
const mark = (flag: boolean) => (flag ? 'yes' : '')

test('docs/failure-codes.md lists every code as the tables have it, and no other', async () => {
  const rows = (await read('docs/failure-codes.md')).split('\n').filter((line) => line.startsWith('| `'))
  const files = Object.entries(FAILURES).map(
    ([code, { stage, retryable, pauses, sentence }]) =>
      `| \`${code}\` | ${stage} | ${mark(retryable)} | ${mark(pauses)} | ${sentence} |`,
  )
  const requests = Object.entries(PROBLEMS).map(
    ([code, [status, sentence]]) => `| \`${code}\` | ${status} | ${sentence} |`,
  )
  assert.deepEqual(rows, [...files, ...requests])
})

test('docs/formats.md says of every document type what is taken, and of no other', async () => {
  const rows = (await read('docs/formats.md')).split('\n').filter((line) => /^\| `[a-z]+` \|/.test(line))
  const cells = rows.map((row) => row.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim()))
  assert.deepEqual(cells.map(([type]) => type?.replaceAll('`', '')).toSorted(), DOCUMENT_TYPES.toSorted())
  for (const [type, ...others] of cells) assert.equal(others.length, 5, type)
})

test('the README, and what it links to, is there', async () => {
  const readme = await read('README.md')
  const links = [...readme.matchAll(/\]\((?!https?:|#)(?<path>[^)]+)\)/g)].map(({ groups }) => groups?.path ?? '')
  assert.ok(links.length > 0)
  for (const link of links)
    assert.ok(await read(link).catch(() => undefined), `README.md links to ${link}, which is not there`)
})
