import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { describeMigration, exitCodeOf } from '../../cli/describe-migration.ts'
import { expiry } from '../../cli/expiry.ts'
import { failureLines } from '../../cli/failure-lines.ts'
import { bytes, count, seconds } from '../../cli/output.ts'
import { plainLine, plainText } from '../../cli/plain-text.ts'
import { collectFiles } from '../../cli/upload/collect-files.ts'
import { toProgress } from '../../cli/watch-expert.ts'
import type { MigrationReceipt } from '../../workflows/contract.ts'

test('files are taken in the order of the arguments, and in folders by name, each once', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-collect-'))
  t.after(() => rm(dir, { recursive: true }))
  await mkdir(join(dir, 'b', 'c'), { recursive: true })
  for (const path of ['a.txt', 'b/2.txt', 'b/c/3.txt', 'b/1.txt', 'd.txt', '.hidden'])
    await writeFile(join(dir, path), '12')
  await symlink(join(dir, 'd.txt'), join(dir, 'b', 'link.txt'))
  await symlink(dir, join(dir, 'b', 'loop'))

  const collect = async (...paths: string[]) => {
    const { files, failed, links } = await collectFiles(paths.map((path) => join(dir, path)))
    return { files: files.map(({ path }) => relative(dir, path)), failed: failed.map(({ code }) => code), links }
  }
  assert.deepEqual(await collect('.'), {
    ...{ files: ['a.txt', 'b/1.txt', 'b/2.txt', 'b/c/3.txt', 'd.txt'], failed: [], links: 2 },
  })
  assert.deepEqual(await collect('d.txt', 'nowhere', 'b/link.txt', '.hidden', 'b/c'), {
    ...{ files: ['d.txt', '.hidden', 'b/c/3.txt'], failed: ['NO_SUCH_FILE'], links: 0 },
  })
})

test('failures that share a sentence are told once, with the first names', () => {
  const failures = Array.from({ length: 7 }, (_, i) => ({ name: `${i}.pdf`, code: 'CORRUPT', message: 'Damaged.' }))
  const lines = failureLines([...failures, { name: 'x.pdf', code: 'ENCRYPTED', message: 'Locked.' }], { names: 2 })
  assert.deepEqual(
    lines.map((line) => line.replace(/.*✘\S* /, '✘ ')),
    [
      ...[
        '✘ 7 files: CORRUPT. Damaged.',
        '      0.pdf',
        '      1.pdf',
        '      … and 5 more',
        '✘ x.pdf: ENCRYPTED. Locked.',
      ],
    ],
  )
})

test('what users have named cannot command the terminal, or look like another line', () => {
  const evil = 'a\u001b[2J\nb\u202etxt'
  assert.deepEqual([plainLine(evil), plainText(evil)], ['a[2J btxt', 'a[2J\nbtxt'])
  const failure = { name: evil, code: 'CORRUPT', message: `Damaged: ${evil}` }
  const twice = failureLines([failure, failure], { what: 'expert' }).join('\n')
  assert.match(twice, /2 experts: CORRUPT\. Damaged: a\[2J\nbtxt\n {6}a\[2J btxt\n {6}a\[2J btxt$/)
  assert.match(failureLines([failure])[0] ?? '', / a\[2J btxt: CORRUPT/)
})

test('a migration says what is left, and how it ended by its exit code', () => {
  const receipt: MigrationReceipt = {
    ...{ column: true, dry_run: false, moved: 0, moved_bytes: 0, failed: 2, left: 2, left_bytes: 9 },
    failed_files: ['a', 'b'].map((name) => ({
      ...{ file_id: name, name, code: 'STORAGE_UNAVAILABLE', message: 'Away.', retryable: true, attempts: 1 },
    })),
  }
  const text = describeMigration({ receipt }, { dropColumn: false }).join('\n')
  assert.match(text, /2 files: STORAGE_UNAVAILABLE\. Away\.\n {6}a \(a\)\n {6}b \(b\)\n2 files \(9 bytes\) are left/)
  assert.equal(exitCodeOf({ receipt }), 1)
  assert.equal(exitCodeOf({ receipt: { ...receipt, moved: 1 } }), 3)
  assert.equal(exitCodeOf({ receipt: { ...receipt, failed: 0 }, drop: { left: 1 } }), 3)
  assert.equal(exitCodeOf({ receipt: { ...receipt, failed: 0 }, drop: { left: null } }), undefined)
})

test('a duration without its unit, shorter than a minute, or past all dates is none', () => {
  const days = (expiry('90d').getTime() - Date.now()) / 86_400_000
  assert.ok(days > 89.9 && days <= 90)
  assert.ok(expiry('1.5 hours') > new Date())
  for (const duration of ['90', '90x', 'd', '-3d', '', '3d 4h']) assert.throws(() => expiry(duration), /with its unit/)
  for (const duration of ['59s', '90ms', '0d']) assert.throws(() => expiry(duration), /shorter than a minute/)
  for (const duration of ['9000y', '999999999y']) assert.throws(() => expiry(duration), /after the year 9999/)
})

test('of an expert that is paused it is told whether it goes on by itself', () => {
  const progress = { status: 'paused', files: 3, indexed: 1, failed: 0, pending: 2 } as const
  const text = (status_reason: string) =>
    toProgress({ ...progress, status_reason, files_per_second: 0, eta_seconds: null }).text
  assert.equal(text('BUCKET_MISSING: The bucket does not exist.'), '1/3 files · paused')
  assert.equal(text('TOKEN_QUOTA_EXHAUSTED: Tomorrow.'), '1/3 files · paused · goes on by itself')
})

test('numbers are told as people say them', () => {
  assert.deepEqual([bytes(0), bytes(999), bytes(1_234_567)], ['0 bytes', '999 bytes', '1.2 MB'])
  assert.deepEqual([count(1, 'file'), count(1_200, 'file')], ['1 file', '1,200 files'])
  assert.deepEqual([seconds(0.2), seconds(150), seconds(8_000)], ['1 s', '3 min', '2 h'])
})
