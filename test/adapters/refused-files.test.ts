import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DOCX_TYPE, docx, odf, pptx, xlsx, zip } from '../support/archives.ts'
import { extracted, isRefused, pageTexts } from '../support/extract.ts'

const words = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`
const hello = docx({ body: words('Hello') })

/** Microsoft's container of old: its magic bytes, and a directory that names one stream. */
const compound = (stream: string) =>
  Buffer.concat([
    Buffer.from('d0cf11e0a1b11ae1', 'hex'),
    Buffer.alloc(1_016),
    Buffer.from(stream, 'utf16le'),
    Buffer.alloc(512),
  ])

describe('what a file is', () => {
  test('is told by its content, not by its name', async () => {
    // Each of these tests names its files .pdf.
    assert.equal((await extracted(hello)).documentType, 'docx')
  })

  test('may be a template, or have macros', async () => {
    const types = [
      'application/vnd.ms-word.document.macroEnabled.main+xml',
      'application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml',
      'application/vnd.ms-word.template.macroEnabledTemplate.main+xml',
      DOCX_TYPE,
    ]
    for (const contentType of types)
      assert.deepEqual(await pageTexts(docx({ body: words('Hello'), contentType })), ['Hello'], contentType)
  })

  test('is named where it is a format of old, and what to save it as', async () => {
    await isRefused(compound('WordDocument'), 'UNSUPPORTED_TYPE', /Word document from before 2007.*save it as \.docx/)
    await isRefused(compound('Workbook'), 'UNSUPPORTED_TYPE', /Excel workbook from before 2007.*save it as \.xlsx/)
    await isRefused(compound('PowerPoint Document'), 'UNSUPPORTED_TYPE', /PowerPoint presentation.*save it as \.pptx/)
    await isRefused(compound('__substg1.0_0037001F'), 'UNSUPPORTED_TYPE', /Outlook message.*save it as \.eml/)
    await isRefused(compound('Anything'), 'UNSUPPORTED_TYPE', /compound file/)
  })

  test('is named where it is an archive, a picture, a recording, a video or a program', async () => {
    await isRefused(zip({ 'a.txt': 'Hello' }), 'UNSUPPORTED_TYPE', /it is a ZIP archive, application\/zip/)
    await isRefused(Buffer.from('1f8b0800000000000003', 'hex'), 'UNSUPPORTED_TYPE', /GZ archive/)
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
    await isRefused(png, 'UNSUPPORTED_TYPE', /PNG image, image\/png; .*set OCR=on/)
    await isRefused(Buffer.from('RIFF\u0000\u0000\u0000\u0000WAVE'), 'UNSUPPORTED_TYPE', /WAV recording, audio/)
    await isRefused(
      Buffer.from('\u0000\u0000\u0000\u0018ftypmp42\u0000\u0000\u0000\u0000mp42isom', 'latin1'),
      'UNSUPPORTED_TYPE',
      /an MP4 video/,
    )
    await isRefused(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)]), 'UNSUPPORTED_TYPE', /EXE file/)
  })
})

describe('a protected file', () => {
  test("is reported as that, in Microsoft's formats and in OpenDocument", async () => {
    await isRefused(compound('EncryptedPackage'), 'ENCRYPTED')
    const entry =
      '<manifest:encryption-data manifest:checksum-type="SHA1/1K" manifest:checksum="AAAA"><manifest:algorithm manifest:algorithm-name="Blowfish CFB" manifest:initialisation-vector="AAAAAAAAAAA="/><manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:iteration-count="1024" manifest:salt="AAAA"/></manifest:encryption-data>'
    for (const type of ['odt', 'ods', 'odp'] as const) await isRefused(odf(type, { body: '', entry }), 'ENCRYPTED')
  })
})

/** Fails where it takes longer than a good file could. */
async function inTime(work: Promise<unknown>, most = 10_000): Promise<void> {
  const start = performance.now()
  await work
  const took = performance.now() - start
  assert.ok(took < most, `${Math.round(took)} ms`)
}

describe('a hostile file', () => {
  const memory = { memoryMb: 32 }

  test('that unpacks to more than may be held is too large', async () => {
    const spaces = ' '.repeat(20_000_000)
    const bomb = docx({ body: spaces })
    assert.ok(bomb.length < 50_000)
    await inTime(isRefused(bomb, 'TOO_LARGE', /unpacks to more than the 16\.0 MB that EXTRACTION_MEMORY_MB=32/, memory))
    await inTime(isRefused(xlsx({ sheets: [{ name: 'S', rows: spaces }] }), 'TOO_LARGE', /16\.0 MB/, memory))
  })

  test('with more cells than a table has is too large', async () => {
    const rows = `<row>${'<c/>'.repeat(2_000_001)}</row>`
    await isRefused(xlsx({ sheets: [{ name: 'S', rows }] }), 'TOO_LARGE', /more than 2,000,000 cells/)
  })

  test('with cells far to the right does not fill what is between', async () => {
    const rows = '<row><c r="XFD1"><v>1</v></c></row>'.repeat(50_000)
    await inTime(isRefused(xlsx({ sheets: [{ name: 'S', rows }] }), 'TOO_LARGE', /EXTRACTION_MAX_CHARACTERS/))
    assert.deepEqual(
      await pageTexts(
        xlsx({ sheets: [{ name: 'S', rows: '<row><c r="A1"><v>1</v></c><c r="ZZZZZZ1"><v>2</v></c></row>' }] }),
      ),
      ['# S\n\n| 1 |\n| --- |'],
    )
    const far =
      '<table:table-row><table:table-cell table:number-columns-repeated="2000000000"/><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>'
    await inTime(
      extracted(
        odf('ods', {
          body: `<table:table table:name="S"><table:table-row><table:table-cell><text:p>y</text:p></table:table-cell></table:table-row>${far}</table:table>`,
        }),
      ),
    )
  })

  test('nested without end is too large, or read', async () => {
    const nest = (open: string, close: string, levels = 100_000) => open.repeat(levels) + close.repeat(levels)
    await inTime(isRefused(`<html>${nest('<div>', '</div>')}</html>`, 'TOO_LARGE', /nested too deeply/))
    await inTime(isRefused(`<?xml version="1.0"?>${nest('<a>', '</a>')}`, 'TOO_LARGE', /nested too deeply/))
    await inTime(
      isRefused(docx({ body: nest('<w:tbl><w:tr><w:tc>', '</w:tc></w:tr></w:tbl>', 30_000) }), 'TOO_LARGE'),
      20_000,
    )
    await inTime(
      isRefused(odf('odt', { body: nest('<text:section>', '</text:section>', 30_000) }), 'TOO_LARGE'),
      20_000,
    )
    await inTime(extracted(nest('[', ']')))
    await inTime(isRefused(`{\\rtf1 ${nest('{', '}')}x}`, 'TOO_LARGE'))
  })

  test('of a million empty elements has no text, or is too large', async () => {
    await inTime(isRefused(`<?xml version="1.0"?><r>${'<a/>'.repeat(1_000_000)}</r>`, 'NO_TEXT'))
    await inTime(isRefused(docx({ body: '<w:p/>'.repeat(2_000_001) }), 'TOO_LARGE', /2,000,000 elements/), 20_000)
  })

  test('whose entities grow is read without them, and what they name outside is not', async () => {
    const entities = Array.from({ length: 9 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`)
    const laughs = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ha">${entities.join('')}]><r>&e9;</r>`
    await inTime(
      pageTexts(laughs).then((texts) => assert.deepEqual(texts, ['r: &e9;'])),
      1_000,
    )
    const outside = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>a &x; b</r>'
    assert.deepEqual(await pageTexts(outside), ['r: a &x; b'])
    const inside = docx({ body: words('a &x; b') })
    assert.ok((await pageTexts(inside)).every((text) => !text.includes('root:')))
  })

  test('whose parts are named to leave the archive is read as others', async () => {
    const parts = { '../../../../tmp/evil.xml': 'x', '/etc/evil.xml': 'x', __proto__: 'x' }
    await isRefused(zip(parts), 'UNSUPPORTED_TYPE', /ZIP/)
    const rows = '<row><c><v>1</v></c></row>'
    assert.equal((await pageTexts(xlsx({ sheets: [{ name: '../../x', rows }] })))[0], '# ../../x\n\n| 1 |\n| --- |')
  })
})

describe('a file that breaks off', () => {
  const cut = (file: Buffer) => file.subarray(0, Math.floor(file.length * 0.7))
  /** Not to be compressed to nothing. */
  const noise = (length: number) =>
    Array.from({ length }, (_, index) => ((index * 2_654_435_761) % 4_294_967_296).toString(36)).join(' ')

  test('is read as far as it goes, and says that something is missing', async () => {
    const slides = Array.from({ length: 10 }, (_, index) => ({
      shapes: `<p:sp><p:txBody><a:p><a:r><a:t>Slide ${index} ${noise(200)}</a:t></a:r></a:p></p:txBody></p:sp>`,
    }))
    const sheets = Array.from({ length: 10 }, (_, index) => ({
      name: `S${index}`,
      rows: `<row><c t="str"><v>${noise(300)}</v></c></row>`,
    }))
    for (const file of [pptx({ slides }), xlsx({ sheets })]) {
      const { pages, pagesSkipped } = await extracted(cut(file))
      assert.ok(pagesSkipped >= 1)
      assert.ok(pages.filter(({ text }) => text.length > 1_000).length >= 4, `${pages.length} pages`)
    }
  })

  test('within its only part gives the text before', async () => {
    const paragraphs = Array.from({ length: 200 }, (_, index) => words(`Paragraph ${index}. ${noise(20)}`)).join('')
    const { pages, pagesSkipped } = await extracted(cut(docx({ body: paragraphs })))
    assert.match(pages[0]?.text ?? '', /^Paragraph 0\./)
    assert.ok(pagesSkipped >= 1)
    const rows = Array.from(
      { length: 200 },
      (_, index) => `<row><c t="str"><v>Row ${index} ${noise(20)}</v></c></row>`,
    ).join('')
    const sheet = await extracted(cut(xlsx({ sheets: [{ name: 'S', rows }] })))
    assert.match(sheet.pages[0]?.text ?? '', /Row 0 /)
    assert.ok(sheet.pagesSkipped >= 1)
  })

  test('before its text is reported as damaged', async () => {
    await isRefused(hello.subarray(0, 700), 'CORRUPT')
  })
})
