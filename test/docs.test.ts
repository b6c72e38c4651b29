import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { PROBLEMS } from '../api/problem.ts'
import { DOCUMENT_TYPES } from '../domain/document-type.ts'
import { FAILURES } from '../domain/failure.ts'
import { alerts } from './support/asked-metrics.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFile(join(ROOT, path), 'utf8')
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

test('every relative link of README, CONTRIBUTING and docs leads to a file that is there, and to a heading in it', async () => {
  const pages = ['README.md', 'CONTRIBUTING.md', ...(await Array.fromAsync(glob('docs/**/*.md', { cwd: ROOT })))]
  const found = await Promise.all(pages.map(async (page) => linksOf(page, await read(page))))
  assert.ok(found.flat().some(({ anchor }) => anchor))
  const broken = await Promise.all(found.flat().map(async (link) => ((await resolves(link)) ? [] : [link])))
  assert.deepEqual(broken.flat(), [])
})

test('a link to nowhere, and one to a heading that is not there, are found', async () => {
  const links = linksOf(
    'docs/search.md',
    '[a](nowhere.md) [b](operations.md#nothing) ![c](images/web-ui.png) `[d](no.md)`',
  )
  assert.deepEqual(await Promise.all(links.map(resolves)), [false, false, true])
  assert.ok(await resolves({ page: 'README.md', path: 'docs/operations.md', anchor: 'aws-s3' }))
})

test('alerts wake nobody for what is as it should be: answers that take their time, what is not configured, quotas of a day', async () => {
  const rules = new Map((await alerts()).map(({ alert, expr }) => [alert, expr]))
  const [, slow = ''] = /route!~"([^"]+)"/.exec(rules.get('ExpertsmithSlow') ?? '') ?? []
  for (const route of ['/experts/:id/chat', '/experts/:id/events', '/knowledge-base/upload'])
    assert.match(route, new RegExp(`^(${slow})$`))
  assert.doesNotMatch('/experts/:id/search', new RegExp(`^(${slow})$`))
  assert.match(rules.get('ExpertsmithServerErrors') ?? '', /status!="501"/)
  assert.match(rules.get('ExpertsmithExpertsPaused') ?? '', /code!="TOKEN_QUOTA_EXHAUSTED"/)
})

type Link = { readonly page: string; readonly path: string; readonly anchor?: string | undefined }

const withoutCode = (text: string) => text.replaceAll(/^ *```.*?^ *```$/gms, '')

function linksOf(page: string, text: string): Link[] {
  const links = withoutCode(text)
    .replaceAll(/`[^`\n]*`/g, '')
    .matchAll(/\]\((?!https?:)(?<path>[^)#\s]*)(?:#(?<anchor>[^)\s]*))?\)/g)
  return [...links].map(({ groups }) => ({ page, path: groups?.path ?? '', anchor: groups?.anchor }))
}

async function resolves({ page, path, anchor }: Link): Promise<boolean> {
  const text = await read(path ? join(dirname(page), path) : page).catch(() => undefined)
  return text !== undefined && (anchor === undefined || anchorsOf(text).includes(anchor))
}

/** As GitHub makes them of headings. */
const anchorsOf = (text: string) =>
  [...withoutCode(text).matchAll(/^#+ (?<heading>.+)$/gm)].map(({ groups }) =>
    (groups?.heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
