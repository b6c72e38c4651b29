import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { blameFile, NotTheFile } from '../../adapters/extraction/blame-file.ts'
import { extractFile } from '../../adapters/extraction/extract-file.ts'
import type { OpenOcr } from '../../adapters/extraction/ocr/open-ocr.ts'
import { Unreadable } from '../../adapters/extraction/unreadable.ts'
import { extractionConfig as limits } from '../support/extraction-config.ts'
import { makePdf } from '../support/pdf.ts'

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'extract-file-'))
})
after(() => rm(dir, { recursive: true }))

async function extract(content: string | Uint8Array, openOcr?: OpenOcr) {
  const path = join(dir, 'file')
  await writeFile(path, content)
  return extractFile({ path, limits }, openOcr)
}

const codeOf = async (extraction: ReturnType<typeof extract>) => {
  const result = await extraction
  return 'code' in result ? [result.code, String(result.cause).split('\n')[0]] : ['text']
}

test('what a reader throws at a file is the fault of the file, with the cause for the log', async () => {
  const part = '--b\nContent-Type: multipart/mixed; boundary=b\n\n'
  const mail = `From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n\n${part.repeat(1_000)}`
  assert.deepEqual(await codeOf(extract(mail)), ['CORRUPT', 'Error: Maximum MIME nesting depth of 256 levels exceeded'])
})

test('tells a crash, what memory cannot hold, and nonsense apart', () => {
  const becomes = (error: Error, code: string) =>
    assert.throws(
      () => blameFile(error),
      (unreadable: Unreadable) => unreadable.code === code && unreadable.cause === error,
    )
  becomes(new WebAssembly.RuntimeError('unreachable'), 'EXTRACTION_CRASHED')
  becomes(new RangeError('Array buffer allocation failed'), 'TOO_LARGE')
  becomes(new RangeError('Maximum call stack size exceeded'), 'TOO_LARGE')
  becomes(new RangeError('Invalid code point -1'), 'CORRUPT')
})

test('what the system refuses stays an error, to be retried', async () => {
  const refused = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE', syscall: 'open' })
  assert.throws(() => blameFile(refused), refused)
  await assert.rejects(extractFile({ path: join(dir, 'nowhere'), limits }), /ENOENT/)
  await assert.rejects(extractFile({ path: dir, limits }), /EISDIR/)
})

test('a page that cannot be recognised counts as damaged, and costs no other', async () => {
  const scan = await makePdf(['', 'Typed.'])
  const broken = async () => ({ recognize: () => Promise.reject(new Unreadable('EXTRACTION_CRASHED')) })
  const result = await extract(scan, broken)
  assert.ok('pages' in result)
  assert.deepEqual([result.pages.map(({ text }) => text), result.pagesSkipped], [['', 'Typed.'], 1])
  assert.deepEqual((await codeOf(extract(await makePdf(['']), broken)))[0], 'CORRUPT')
})

test('OCR that cannot be started is not the fault of the file', async () => {
  const breaking = async () => ({ recognize: () => Promise.reject(new NotTheFile('no memory for an engine')) })
  await assert.rejects(extract(await makePdf(['']), breaking), /no memory/)

  const missing = () => Promise.reject(new Error('no such language'))
  await assert.rejects(extract(await makePdf(['']), missing), /OCR cannot be started/)
})

test('XML that is nested deeper than anyone reads is refused', async () => {
  assert.equal((await codeOf(extract(`<?xml version="1.0"?>${'<a>'.repeat(500_000)}`)))[0], 'TOO_LARGE')
})
