import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import PDFDocument from 'pdfkit'
import { garbledShare, mendMisreadUtf8 } from '../../adapters/extraction/pdf/garbled.ts'
import { tidyPages } from '../../adapters/extraction/pdf/tidy-pages.ts'
import { extracted, isRefused, pageTexts } from '../support/extract.ts'
import { makePdf } from '../support/pdf.ts'

async function drawn(
  draw: (document: PDFKit.PDFDocument) => void,
  options: PDFKit.PDFDocumentOptions = {},
): Promise<Buffer> {
  const document = new PDFDocument(options)
  draw(document)
  document.end()
  const parts: Buffer[] = []
  for await (const part of document) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

describe('a PDF', () => {
  test('has title and author', async () => {
    const file = await drawn((document) => document.text('x'), { info: { Title: 'Größe', Author: 'Ann' } })
    const { title, author } = await extracted(file)
    assert.deepEqual([title, author], ['Größe', 'Ann'])
  })

  test('gives the values of its form fields, but no passwords', async () => {
    const file = await drawn((document) => {
      document.font('Helvetica').text('Form').initForm()
      document.formText('name', 50, 100, 200, 20, { value: 'Ann Lee' })
      document.formText('secret', 50, 130, 200, 20, { value: 'hunter2', password: true })
      document.formText('empty', 50, 160, 200, 20)
      document.formCombo('city', 50, 190, 200, 20, { select: ['Oslo', 'Rome'], value: 'Rome' })
      document.formPushButton('send', 50, 220, 200, 20, { label: 'Send' })
    })
    const [text = ''] = await pageTexts(file)
    assert.match(text, /^Form\n/)
    assert.match(text, /^name: Ann Lee$/m)
    assert.match(text, /^city: Rome$/m)
    assert.doesNotMatch(text, /hunter2|empty|send/)
  })

  test('tells which boxes are ticked', async () => {
    const box = (name: string, state: string) =>
      `<</Type/Annot/Subtype/Widget/FT/Btn/T(${name})/V/${state}/AS/${state}/Rect[0 0 9 9]/AP<</N<</Yes 4 0 R/Off 4 0 R>>>>>>`
    const objects = [
      '<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]>>>>',
      '<</Type/Pages/Kids[3 0 R]/Count 1>>',
      '<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Annots[5 0 R 6 0 R]>>',
      '<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Length 0>> stream\n\nendstream',
      box('agree', 'Yes'),
      box('refuse', 'Off'),
    ].map((object, index) => `${index + 1} 0 obj ${object} endobj\n`)
    assert.deepEqual(await pageTexts(`%PDF-1.4\n${objects.join('')}trailer <</Root 1 0 R>>\n%%EOF\n`), ['agree: Yes'])
  })

  test('gives what is written in notes, and no addresses of links', async () => {
    const file = await drawn((document) => {
      document.text('Page').note(50, 100, 20, 20, 'Check this').link(50, 50, 20, 20, 'https://example.org/x')
    })
    assert.deepEqual(await pageTexts(file), ['Page\nCheck this'])
  })

  test('is read the same, whatever was read before it: PDFium remembers nothing', async () => {
    const form = await drawn((document) => {
      document.font('Times-Roman').text('Form with an Ä').initForm()
      document.formText('name', 50, 100, 200, 20, { value: 'Ann' })
    })
    const locked = await drawn((document) => document.text('x'), { userPassword: 'guest', pdfVersion: '1.7' })
    const many = await makePdf(
      Array.from({ length: 300 }, (_, page) => `Page ${page}. ${'A line of text. '.repeat(60)}`),
    )
    const first = await pageTexts(form)
    for (const before of [form, many, form, form]) {
      await pageTexts(before)
      await isRefused(locked, 'ENCRYPTED')
      assert.deepEqual(await pageTexts(form), first)
    }
  })

  test('is read without the password of its owner, but not without that of its user', async () => {
    const owned = await drawn((document) => document.text('Readable'), { ownerPassword: 'boss', permissions: {} })
    assert.deepEqual(await pageTexts(owned), ['Readable'])
    for (const pdfVersion of ['1.3', '1.5', '1.7', '1.7ext3'] as const)
      await isRefused(await drawn((document) => document.text('x'), { userPassword: 'guest', pdfVersion }), 'ENCRYPTED')
  })

  test('is read as its letters stand, however they and the page are turned', async () => {
    const lines = ['The first line of the page.', 'The second line of it.', 'And the third.']
    for (const turn of [0, 90, 180, 270])
      for (const rotation of [0, 90, 180, 270]) {
        const page = await drawn((document) => {
          Object.assign(document.page.dictionary.data, { Rotate: rotation })
          document.rotate(turn, { origin: [306, 396] })
          for (const [index, line] of lines.entries()) document.text(line, 150, 200 + index * 40, { lineBreak: false })
        })
        assert.deepEqual(await pageTexts(page), [lines.join('\n')], `turned by ${turn}, the page by ${rotation}`)
      }
  })

  test('that breaks off is read as far as it goes', async () => {
    const { pages, pagesSkipped } = await extracted(pdf(20).subarray(0, -1_000))
    assert.equal(pages[0]?.text, 'Page 1')
    assert.ok(pages.length < 20 && pagesSkipped >= 1)
  })

  test('of more pages than are allowed is too large, though all are the same', async () => {
    const same = pdf(100_000, () => 10)
    await isRefused(same, 'TOO_LARGE', /it has 100000 pages, EXTRACTION_MAX_PAGES=10000 allows no more/)
    // A count that is not true.
    const boast = Buffer.from(pdf(1).toString('latin1').replace('/Count 1', '/Count 100000'), 'latin1')
    await isRefused(boast, 'TOO_LARGE')
  })

  test('longer than is allowed is too large', async () => {
    await isRefused(await makePdf(['x '.repeat(1_000)]), 'TOO_LARGE', /EXTRACTION_MAX_CHARACTERS/, {
      maxCharacters: 1_000,
    })
  })

  test('whose pages lead back to themselves ends', async () => {
    const circle = Buffer.from(
      pdf(2)
        .toString('latin1')
        .replace(/\/Kids\[[^\]]*\]/, '/Kids[10 0 R 2 0 R]'),
      'latin1',
    )
    assert.equal((await pageTexts(circle))[0], 'Page 1')
  })
})

/** Pages without compression, each of an object from 10 on; their list stands behind them, or names the same one again and again. */
function pdf(count: number, kid?: (index: number) => number): Buffer {
  const own = kid ? 1 : count
  const pages = Array.from({ length: own }, (_, index) => {
    const content = `BT /F 12 Tf 72 700 Td (Page ${index + 1}) Tj ET`
    const page = 10 + 2 * index
    return `${page} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents ${page + 1} 0 R/Resources<</Font<</F 3 0 R>>>>>> endobj\n${page + 1} 0 obj <</Length ${content.length}>> stream\n${content}\nendstream endobj\n`
  })
  const kids = Array.from({ length: count }, (_, index) => `${kid?.(index) ?? 10 + 2 * index} 0 R`)
  return Buffer.from(
    [
      '%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n',
      ...pages,
      `2 0 obj <</Type/Pages/Kids[${kids.join(' ')}]/Count ${count}>> endobj\n`,
      'trailer <</Root 1 0 R>>\n%%EOF\n',
    ].join(''),
    'latin1',
  )
}

describe('tidying pages', () => {
  const tidy = (text: string, ...others: string[]) => tidyPages([text, ...others])[0]

  test('joins a word that its line cuts, unless the hyphen is part of it', () => {
    assert.equal(tidy('a hyphen\ufffeated word'), 'a hyphenated word')
    assert.equal(tidy('Jean\ufffePaul'), 'Jean-Paul')
    assert.equal(tidy('a well\ufffeknown man', 'He is well-known.'), 'a well-known man')
    assert.equal(tidy('a well\ufffeknown man', 'wellknown'), 'a wellknown man')
    assert.equal(tidy('2019\ufffe20'), '2019-20')
    assert.equal(tidy('Donau\u00ad\ndampf'), 'Donaudampf')
  })

  test('writes ligatures and letters by their place in the word as one types them', () => {
    assert.equal(tidy('o\ufb03ce \ufb01nd \ufb02ow'), 'office find flow')
    assert.equal(tidy('\ufeb3\ufefc\ufee1'), 'سلام')
    assert.equal(tidy('\u2f08'), '人')
  })

  test('puts marks to their letters, and Chinese that is spaced out together', () => {
    assert.equal(tidy('cafe\n\u0301\nnoir'), 'cafe\u0301noir')
    assert.equal(tidy('中 华 人 民 共 和 国'), '中华人民共和国')
    assert.equal(tidy('中 国'), '中 国')
  })

  test('ends lines with their last letter, and leaves one empty line between paragraphs', () => {
    assert.equal(tidy('a  \r\nb\r\n\r\n\r\n\r\nc '), 'a\nb\n\nc')
  })
})

describe('a garbled text', () => {
  test('is measured by the characters that mean nothing', () => {
    assert.equal(garbledShare(''), 0)
    assert.equal(garbledShare('Plain text, 世界, с кириллицей, 한국어 문장입니다'), 0)
    assert.equal(garbledShare('ab\ue000\ufffd'), 0.5)
    assert.equal(garbledShare('\u0001\u0002 \n'), 1)
    assert.equal(garbledShare('hyphen\ufffeated'), 0)
  })

  test('is mended where UTF-8 was taken for UTF-16, and Korean is left alone', () => {
    const misread = Array.from(Buffer.from('Приветствие').toString('hex').match(/.{4}/g) ?? [], (unit) =>
      String.fromCharCode(Number.parseInt(unit, 16)),
    )
    assert.equal(mendMisreadUtf8(`Ç56 ${misread.join('')} A4`), 'Ç56 Приветствие A4')
    assert.equal(mendMisreadUtf8('한국어 문장입니다'), '한국어 문장입니다')
  })
})
