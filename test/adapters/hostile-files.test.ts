import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { tidyPages } from '../../adapters/extraction/pdf/tidy-pages.ts'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import type { FailureCode } from '../../domain/failure.ts'
import { Failure } from '../../domain/failure.ts'
import { extractionConfig } from '../support/extraction-config.ts'

const config = { ...extractionConfig, timeoutMs: 20_000 }
const extractor = new ProcessTextExtractor(config)
let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hostile-'))
})
after(async () => {
  await extractor.close()
  await rm(dir, { recursive: true })
})

let written = 0
/** The text, or the code of why there is none. */
async function outcomeOf(content: string | Uint8Array): Promise<string> {
  const path = join(dir, String(written++))
  await writeFile(path, content)
  return extractor.extract(path).then(
    ({ pages }) => pages.map(({ text }) => text).join('|'),
    (error: unknown) => (error instanceof Failure ? error.code : Promise.reject(error)),
  )
}

type Objects = Readonly<Record<number, string>>
const PAGES: Objects = {
  1: '<</Type/Catalog/Pages 2 0 R>>',
  2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
  3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>',
  4: stream('BT /F 12 Tf 72 700 Td (Still here) Tj ET /X Do'),
  5: '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
}

function stream(content: string, entries = ''): string {
  return `<<${entries}/Length ${content.length}>> stream\n${content}\nendstream`
}

const packed = (content: Buffer) => stream(deflateSync(content).toString('latin1'), '/Filter/FlateDecode')

/** A PDF of these objects, and of those of a page of text; readers make its cross-reference table themselves. */
function pdf(objects: Objects): Buffer {
  const body = Object.entries({ ...PAGES, ...objects }).map(([number, object]) => `${number} 0 obj ${object} endobj\n`)
  return Buffer.from(`%PDF-1.5\n${body.join('')}trailer <</Root 1 0 R>>\n%%EOF\n`, 'latin1')
}

const ENDLESS_FORM = '/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>'
const CYCLIC_FONT = '<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[5 0 R]/ToUnicode 5 0 R>>'
const TYPE_3_FONT =
  '<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]/FirstChar 0/LastChar 255/Encoding<</Differences[0/S]>>/CharProcs<</S 7 0 R>>/Resources<</Font<</F 5 0 R>>>>>>'
const OBJECT_STREAM = stream('7 0 ', '/Type/ObjStm/N 1/First 4/Extends 7 0 R')
const MILLIONS = Buffer.alloc(10_000_000 * 4, '1 w\n')

const PDFS: Readonly<Record<string, readonly [content: Buffer, ...right: (string | FailureCode)[]]>> = {
  'a form that draws itself': [pdf({ 6: stream('/X Do', ENDLESS_FORM) }), 'Still here'],
  'a font that is its own descendant': [pdf({ 5: CYCLIC_FONT }), 'NO_TEXT', 'CORRUPT', '却楬氠桥牥'],
  'a font whose letters are drawn by it': [
    pdf({ 5: TYPE_3_FONT, 7: stream('BT /F 1 Tf (S) Tj ET') }),
    'Stil her',
    'NO_TEXT',
  ],
  'a font that says nothing but its own name': [pdf({ 5: '5 0 R' }), 'Still here', 'NO_TEXT'],
  'pages that are their own parent': [
    pdf({ 2: '<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>' }),
    'Still here',
    'Still here|',
  ],
  'pages whose child is the catalogue': [
    pdf({ 3: '<</Type/Pages/Kids[1 0 R 2 0 R]/Count 9/Parent 3 0 R>>' }),
    'CORRUPT',
    'NO_TEXT',
  ],
  'two billion pages': [
    pdf({ 2: '<</Type/Pages/Kids[3 0 R]/Count 2147483647>>' }),
    'TOO_LARGE',
    'CORRUPT',
    'Still here',
  ],
  'an object stream that extends itself': [pdf({ 7: OBJECT_STREAM, 6: '7 0 R' }), 'Still here'],
  'a content stream that is its own length': [
    pdf({ 4: '<</Length 4 0 R>> stream\nx\nendstream' }),
    'NO_TEXT',
    'CORRUPT',
  ],
  'contents that are their own part': [pdf({ 4: '[4 0 R 4 0 R]' }), 'NO_TEXT', 'CORRUPT'],
  'an array of 100,000 in each other': [pdf({ 6: '['.repeat(100_000) }), 'Still here', 'CORRUPT'],
  'dictionaries of 100,000 in each other': [pdf({ 5: '<</A'.repeat(100_000) }), 'Still here', 'CORRUPT', 'NO_TEXT'],
  'operands of 100,000 in each other': [pdf({ 4: stream('['.repeat(100_000)) }), 'NO_TEXT', 'CORRUPT'],
  'a page as wide as the world': [
    pdf({ 3: PAGES[3]?.replace('0 0 600 800', '-1e38 -1e38 1e38 1e38') ?? '' }),
    'Still here',
    'NO_TEXT',
  ],
  'a page of 10 million operators': [pdf({ 4: packed(MILLIONS) }), 'NO_TEXT', 'EXTRACTION_CRASHED'],
  'a filter that is applied 1,000 times': [
    pdf({ 4: stream('x', `/Filter[${'/FlateDecode'.repeat(1_000)}]`) }),
    'NO_TEXT',
    'CORRUPT',
  ],
  'a trailer that follows itself': [
    Buffer.from('%PDF-1.4\nxref\n0 0\ntrailer <</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF'),
    'CORRUPT',
  ],
  'objects that end nowhere': [Buffer.from(`%PDF-1.4\n${'1 0 obj '.repeat(500_000)}`), 'CORRUPT'],
}

describe('a hostile PDF ends within the limits', () => {
  for (const [name, [content, ...right]] of Object.entries(PDFS))
    test(name, async () => {
      const outcome = await outcomeOf(content)
      assert.ok(right.includes(outcome), `${outcome.slice(0, 100)}, not ${right.join(' or ')}`)
    })
})

const UNITS = [
  'a',
  '字',
  ' ',
  '\n',
  ',',
  '"',
  '[',
  '{"a":',
  '\\',
  '<',
  '<a>',
  '<!-- -->',
  '<!--',
  '<br>',
  '<li>',
  '<td>',
  '<?',
  '|',
  '| - ',
  '*',
  '# ',
  'a:\n',
  '\u0301',
]
const BEGINNINGS = [
  '',
  '<!DOCTYPE',
  '<?xml version="1.0"?>',
  '<html>',
  '{',
  'From: a\nTo: b\n',
  '# a\n| - |\n',
  '{\\rtf1 ',
]
const CHARACTERS = 200_000

describe('a text of one thing over and over takes no more time than another', () => {
  for (const beginning of BEGINNINGS)
    test(`that begins with '${beginning.trim()}'`, async () => {
      const slow: string[] = []
      for (const unit of UNITS) {
        const text = `${beginning}${unit.repeat(CHARACTERS / unit.length)}x`
        if ((await outcomeOf(text)) === 'EXTRACTION_TIMEOUT') slow.push(unit)
      }
      assert.deepEqual(slow, [])
    })
})

test('a line of letters takes no time by its square', () => {
  const start = performance.now()
  assert.deepEqual(tidyPages([`${'a'.repeat(1_000_000)} b\ufffec`]), [`${'a'.repeat(1_000_000)} bc`])
  assert.ok(performance.now() - start < 5_000)
})
