import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { docx, epub, odf, pptx, xlsx } from '../support/archives.ts'
import { extracted, pageTexts } from '../support/extract.ts'

/** The text of a file of one page. */
async function textOf(content: string | Uint8Array): Promise<string> {
  const [text = '', ...others] = await pageTexts(content)
  assert.deepEqual(others, [])
  return text
}

const run = (text: string) => `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`
const paragraph = (content: string, properties = '') => `<w:p><w:pPr>${properties}</w:pPr>${content}</w:p>`
const words = (text: string) => paragraph(run(text))
const heading = (text: string, level: number) => paragraph(run(text), `<w:pStyle w:val="Heading${level}"/>`)
const item = (text: string, level: number, list = 1) =>
  paragraph(run(text), `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${list}"/></w:numPr>`)

describe('DOCX', () => {
  test('headings are told by their styles', async () => {
    const body = heading('Handbook', 1) + words('For all.') + heading('Holidays', 2) + words('Thirty days.')
    assert.equal(await textOf(docx({ body })), '# Handbook\n\nFor all.\n\n## Holidays\n\nThirty days.')
  })

  test('lists keep their levels and their numbers', async () => {
    const body =
      item('Fruit', 0) + item('Apples', 1) + item('Bread', 0) + words('Then') + item('Pay', 0, 2) + item('Go', 0, 2)
    assert.equal(await textOf(docx({ body })), '- Fruit\n  - Apples\n- Bread\n\nThen\n\n1. Pay\n2. Go')
  })

  test('a table is one of Markdown, its first row the head', async () => {
    const row = (...cells: string[]) => `<w:tr>${cells.map((cell) => `<w:tc>${words(cell)}</w:tc>`).join('')}</w:tr>`
    const body = `<w:tbl>${row('Name', 'Age')}${row('Ann|Anna', '41')}${row('', '7')}</w:tbl>`
    assert.equal(await textOf(docx({ body })), '| Name | Age |\n| --- | --- |\n| Ann\\|Anna | 41 |\n|  | 7 |')
  })

  test('footnotes and comments stand behind the paragraph that they belong to', async () => {
    const body =
      paragraph(`${run('A claim')}<w:r><w:footnoteReference w:id="1"/></w:r>${run('.')}`) +
      paragraph(
        `<w:commentRangeStart w:id="1"/>${run('Doubtful.')}<w:commentRangeEnd w:id="1"/><w:r><w:commentReference w:id="1"/></w:r>`,
      ) +
      words('End.')
    assert.equal(
      await textOf(docx({ body, footnote: words('Its source'), comment: words('Really?') })),
      'A claim.\n\nNote: Its source\n\nDoubtful.\n\nComment: Really?\n\nEnd.',
    )
  })

  test('pages are those of the program that wrote it; heads and feet of pages are told once, page numbers never', async () => {
    const body =
      words('One') +
      paragraph(`<w:r><w:lastRenderedPageBreak/></w:r>${run('Two')}`) +
      paragraph(`<w:r><w:br w:type="page"/></w:r><w:r><w:lastRenderedPageBreak/></w:r>${run('Three')}`)
    assert.deepEqual(await pageTexts(docx({ body, header: words('Acme Ltd'), footer: words('Confidential') })), [
      'Acme Ltd\n\nOne',
      'Two',
      'Three\n\nConfidential',
    ])
    assert.equal(await textOf(docx({ body: words('Text'), footer: words('12') })), 'Text')
  })

  test('what was inserted is there, what was deleted is not', async () => {
    const body = paragraph(
      `${run('We ')}<w:ins w:id="1">${run('agree')}</w:ins><w:del w:id="2"><w:r><w:delText>differ</w:delText></w:r></w:del>`,
    )
    assert.equal(await textOf(docx({ body })), 'We agree')
  })

  test('text boxes, content controls and links are text', async () => {
    const box = `<w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox><w:txbxContent>${words('In a box')}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>`
    const body = `${paragraph(box)}<w:sdt><w:sdtContent>${words('In a control')}</w:sdtContent></w:sdt>${paragraph(`<w:hyperlink r:id="r9">${run('A link')}</w:hyperlink>`)}`
    assert.equal(await textOf(docx({ body })), 'In a box\n\nIn a control\n\nA link')
  })

  test('title and author are those of its properties', async () => {
    const { title, author, documentType } = await extracted(
      docx({ body: words('x'), title: 'R&amp;D', author: ' Ann  Lee ' }),
    )
    assert.deepEqual([title, author, documentType], ['R&D', 'Ann Lee', 'docx'])
    assert.equal((await extracted(docx({ body: words('x') }))).title, null)
  })
})

const shape = (content: string, placeholder = '') =>
  `<p:sp><p:nvSpPr><p:cNvPr id="1" name=""/><p:cNvSpPr/><p:nvPr>${placeholder && `<p:ph type="${placeholder}"/>`}</p:nvPr></p:nvSpPr><p:txBody>${content}</p:txBody></p:sp>`
const drawn = (text: string) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`

describe('PPTX', () => {
  test('slides are pages in the order of the presentation, titles are headings', async () => {
    const first = shape(drawn('Welcome'), 'ctrTitle') + shape(drawn('To the') + drawn('course'))
    const slides = [{ shapes: first }, { shapes: shape(drawn('Goals'), 'title') }]
    const { pages, documentType, title } = await extracted(pptx({ slides, title: 'Course' }))
    assert.deepEqual(pages, [
      { number: 1, text: '# Welcome\n\nTo the\n\ncourse' },
      { number: 2, text: '# Goals' },
    ])
    assert.deepEqual([documentType, title], ['pptx', 'Course'])
  })

  test('speaker notes stand behind the slide, slide numbers nowhere', async () => {
    const slides = [
      { shapes: shape(drawn('Hello')) },
      {
        shapes: shape(drawn('World')) + shape(drawn('2'), 'sldNum'),
        notes: shape(drawn('Pause here'), 'body') + shape(drawn('2'), 'sldNum'),
      },
      { shapes: shape(drawn('Bye')), notes: shape(drawn('3'), 'sldNum') },
    ]
    assert.deepEqual(await pageTexts(pptx({ slides })), ['Hello', 'World\n\nNotes: Pause here', 'Bye'])
  })

  test('tables are of Markdown', async () => {
    const cell = (text: string) => `<a:tc><a:txBody>${drawn(text)}</a:txBody></a:tc>`
    const table = `<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr>${cell('a')}${cell('b')}</a:tr><a:tr>${cell('1')}${cell('2')}</a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`
    assert.equal(await textOf(pptx({ slides: [{ shapes: table }] })), '| a | b |\n| --- | --- |\n| 1 | 2 |')
  })

  test('a slide without text keeps its page', async () => {
    const slides = [{ shapes: shape(drawn('One')) }, { shapes: '' }, { shapes: shape(drawn('Three')) }]
    assert.deepEqual(await pageTexts(pptx({ slides })), ['One', '', 'Three'])
  })
})

const value = (at: string, content: string | number, attributes = '') =>
  `<c r="${at}" ${attributes}><v>${content}</v></c>`
const row = (...cells: string[]) => `<row>${cells.join('')}</row>`
const sheet = (...rows: string[]) => [{ name: 'Sheet', rows: rows.join('') }]
/** Styles 1 to 8 of cells. */
const FORMATS = ['yyyy-mm-dd', 'd/m/yy h:mm', 'mmmm', '[h]:mm', '0.0%', '"day" 0', '[Red]0.00', 'h:mm:ss']
const styles = `<numFmts>${FORMATS.map((code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${code.replaceAll('"', '&quot;')}"/>`).join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>${FORMATS.map((_, index) => `<xf numFmtId="${200 + index}"/>`).join('')}<xf numFmtId="14"/></cellXfs>`

describe('XLSX', () => {
  test('sheets are pages in the order of their tabs, hidden ones too; an empty one has no text', async () => {
    const sheets = [
      { name: 'Sales &amp; costs', rows: row(value('A1', 1)) },
      { name: 'Empty', rows: '' },
      { name: 'Archive', rows: row(value('A1', 2)), state: 'hidden' },
    ]
    const { pages, documentType, title, author } = await extracted(xlsx({ sheets, title: 'Books', author: 'Ann' }))
    assert.deepEqual(pages, [
      { number: 1, text: '# Sales & costs\n\n| 1 |\n| --- |' },
      { number: 2, text: '' },
      { number: 3, text: '# Archive\n\n| 2 |\n| --- |' },
    ])
    assert.deepEqual([documentType, title, author], ['xlsx', 'Books', 'Ann'])
  })

  test('cells stand in their columns, also where others are missing', async () => {
    const rows = sheet(row(value('A1', 1), value('D1', 4)), '<row r="2"/>', row(value('C3', 3), '<c><v>4</v></c>'))
    assert.equal(
      await textOf(xlsx({ sheets: rows })),
      '# Sheet\n\n| 1 |  |  | 4 |\n| --- | --- | --- | --- |\n|  |  | 3 | 4 |',
    )
  })

  test('strings are shared, rich, inline or of a formula; how they are pronounced is left out', async () => {
    const sharedStrings =
      '<si><t>Plain</t></si><si><r><t>Ri</t></r><r><t>ch</t></r></si><si><t>東京</t><rPh><t>トウキョウ</t></rPh></si><si><t>a_x000D_b</t></si>'
    const cells = [0, 1, 2, 3].map((index) => value(`${'ABCD'[index]}1`, index, 't="s"'))
    const others = [
      '<c t="inlineStr"><is><t>In</t></is></c>',
      '<c t="str"><f>A1&amp;"x"</f><v>Plainx</v></c>',
      '<c t="b"><v>1</v></c>',
      '<c t="e"><v>#N/A</v></c>',
    ]
    assert.match(
      await textOf(xlsx({ sheets: sheet(row(...cells, ...others)), sharedStrings })),
      /^\| Plain \| Rich \| 東京 \| a b \| In \| Plainx \| TRUE \| #N\/A \|$/m,
    )
  })

  test('cells of a text, or a truth, that have none stay empty', async () => {
    const cells = [
      '<c r="A1" t="s"><v>1</v></c>',
      '<c r="B1" t="s"/>',
      '<c r="C1" t="b"><v/></c>',
      '<c r="D1" t="s"><v>0</v></c>',
    ]
    const sharedStrings = '<si><t>Confidential</t></si><si><t>x</t></si>'
    assert.match(
      await textOf(xlsx({ sheets: sheet(row(...cells)), sharedStrings })),
      /^\| x \| {2}\| {2}\| Confidential \|$/m,
    )
  })

  test('dates, times, percentages and numbers are as a person sees them', async () => {
    const shown = async (content: number | string, style: number, properties = '') =>
      /\| (?<cell>.*?) \|/.exec(
        await textOf(xlsx({ sheets: sheet(row(value('A1', content, `s="${style}"`))), styles, properties })),
      )?.groups?.cell
    assert.equal(await shown(45292, 1), '2024-01-01')
    assert.equal(await shown(45292, 9), '2024-01-01')
    assert.equal(await shown(45292.520833333336, 2), '2024-01-01 12:30')
    assert.equal(await shown(45292, 3), '2024-01-01')
    assert.equal(await shown(1.5, 4), '36:00:00')
    assert.equal(await shown(0.255, 5), '25.5%')
    assert.equal(await shown(45292, 6), '45292')
    assert.equal(await shown(1.5, 7), '1.5')
    assert.equal(await shown(0.75, 8), '18:00')
    assert.equal(await shown(-1, 1), '-1')
    assert.equal(await shown(1, 1), '1900-01-01')
    assert.equal(await shown(61, 1), '1900-03-01')
    assert.equal(await shown(43830, 1, '<workbookPr date1904="1"/>'), '2024-01-01')
    assert.equal(await shown('1.0', 0), '1')
    assert.equal(await shown('0.30000000000000004', 0), '0.3')
    assert.equal(await shown('1234567890123451', 0), '1234567890123451')
  })

  test('comments and text boxes stand behind the cells', async () => {
    const thread =
      'Formularz z wątkami… https://go.microsoft.com/fwlink/?linkid=870924&#10;&#10;Komentarz:&#10;    Check it'
    const comments = `<comment ref="B2"><text><r><t>Old price</t></r></text></comment><comment ref="C3"><text><t>${thread}</t></text></comment>`
    assert.match(
      await textOf(xlsx({ sheets: [{ name: 'S', rows: row(value('A1', 1)), comments }] })),
      /\n\nComment on B2: Old price\n\nComment on C3: Check it$/,
    )
  })

  test('elements may have a prefix', async () => {
    const rows =
      '<x:row xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:c r="B1"><x:v>5</x:v></x:c></x:row>'
    assert.match(await textOf(xlsx({ sheets: [{ name: 'S', rows }] })), /^\| {2}\| 5 \|$/m)
  })
})

const p = (content: string) => `<text:p>${content}</text:p>`
const cell = (content: string, repeated = 1) =>
  `<table:table-cell table:number-columns-repeated="${repeated}">${content && p(content)}</table:table-cell>`
const tableRow = (cells: string, repeated = 1) =>
  `<table:table-row table:number-rows-repeated="${repeated}">${cells}</table:table-row>`
const table = (name: string, ...rows: string[]) => `<table:table table:name="${name}">${rows.join('')}</table:table>`

describe('ODT', () => {
  test('headings, lists, tables, footnotes, comments, text boxes; no deleted text', async () => {
    const note = `<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>${p('Its source')}</text:note-body></text:note>`
    const body = [
      `<text:tracked-changes><text:changed-region><text:deletion>${p('Deleted')}</text:deletion></text:changed-region></text:tracked-changes>`,
      '<text:h text:outline-level="2">Title</text:h>',
      p('One<text:line-break/>two<text:s text:c="3"/>three'),
      `<text:list text:style-name="List"><text:list-item>${p('Fruit')}<text:list><text:list-item>${p('Apples')}</text:list-item></text:list></text:list-item></text:list>`,
      table('T', tableRow(cell('a') + cell('b')), tableRow(cell('1') + cell('2'))),
      p(`Claim${note}.`),
      p(`<office:annotation>${p('Really?')}</office:annotation>Doubtful`),
      `<draw:frame><draw:text-box>${p('In a box')}</draw:text-box></draw:frame>`,
    ]
    assert.equal(
      await textOf(odf('odt', { body: body.join('') })),
      '## Title\n\nOne\ntwo three\n\n- Fruit\n  - Apples\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nClaim.\n\nNote: Its source\n\nDoubtful\n\nComment: Really?\n\nIn a box',
    )
  })

  test('pages are those of the program that wrote it; heads and feet of pages are told once', async () => {
    const body = `${p('One')}${p('<text:soft-page-break/>Two')}`
    const file = odf('odt', { body, header: p('Acme'), footer: p('Secret'), title: 'Plan', author: 'Ann' })
    const { pages, title, author, documentType } = await extracted(file)
    assert.deepEqual(pages, [
      { number: 1, text: 'Acme\n\nOne' },
      { number: 2, text: 'Two\n\nSecret' },
    ])
    assert.deepEqual([title, author, documentType], ['Plan', 'Ann', 'odt'])
  })
})

describe('ODS', () => {
  test('sheets are pages, cells stand in their columns, dates are as they are shown', async () => {
    const date = `<table:table-cell office:value-type="date" office:date-value="2024-01-31">${p('31.01.24')}</table:table-cell>`
    const body =
      table('First', tableRow(cell('a') + cell('', 2) + cell('d')), tableRow(date)) +
      table('None') +
      table('Last', tableRow(cell('z')))
    const { pages, documentType } = await extracted(odf('ods', { body }))
    assert.deepEqual(pages, [
      { number: 1, text: '# First\n\n| a |  |  | d |\n| --- | --- | --- | --- |\n| 31.01.24 |' },
      { number: 2, text: '' },
      { number: 3, text: '# Last\n\n| z |\n| --- |' },
    ])
    assert.equal(documentType, 'ods')
  })

  test('comments stand behind the cells', async () => {
    const commented = `<table:table-cell><office:annotation>${p('Check')}</office:annotation>${p('5')}</table:table-cell>`
    assert.equal(
      await textOf(odf('ods', { body: table('S', tableRow(commented)) })),
      '# S\n\n| 5 |\n| --- |\n\nComment: Check',
    )
  })

  test('a million empty rows and columns are nothing', async () => {
    const body = table(
      'S',
      tableRow(cell('a') + cell('', 16_383)),
      tableRow(cell('', 16_384), 1_048_574),
      tableRow(cell('z')),
    )
    assert.equal(await textOf(odf('ods', { body })), '# S\n\n| a |\n| --- |\n| z |')
  })
})

test('ODP: slides are pages, with titles and notes', async () => {
  const frame = (text: string, kind = '') =>
    `<draw:frame presentation:class="${kind}"><draw:text-box>${p(text)}</draw:text-box></draw:frame>`
  const notes = `<presentation:notes>${frame('Pause here', 'notes')}</presentation:notes>`
  const body = `<draw:page draw:name="1">${frame('Welcome', 'title')}${frame('All')}${notes}</draw:page><draw:page draw:name="2">${frame('Bye')}</draw:page>`
  const { pages, documentType } = await extracted(odf('odp', { body }))
  assert.deepEqual(pages, [
    { number: 1, text: '# Welcome\n\nAll\n\nNotes: Pause here' },
    { number: 2, text: 'Bye' },
  ])
  assert.equal(documentType, 'odp')
})

test('EPUB: chapters in the order of reading, title and author', async () => {
  const chapters = ['<h1>Down</h1><p>Alice was <i>very</i> tired.</p>', '<h1>Pool</h1><ul><li>Tears</li></ul>']
  const { pages, title, author, documentType } = await extracted(
    epub({ chapters, title: 'Alice', author: 'L. Carroll' }),
  )
  assert.equal(pages.map(({ text }) => text).join('|'), '# Down\n\nAlice was very tired.\n\n# Pool\n\n- Tears')
  assert.deepEqual([title, author, documentType], ['Alice', 'L. Carroll', 'epub'])
})

describe('RTF', () => {
  const rtf = (content: string) =>
    `{\\rtf1\\ansi\\ansicpg1251\\deff0{\\fonttbl{\\f0\\fcharset204 Arial;}}{\\colortbl;\\red0\\green0\\blue0;}{\\info{\\title Letter}}${content}}`

  test('letters of a code page and of Unicode, and no control words', async () => {
    const { pages, documentType } = await extracted(
      rtf(
        `\\pard\\f0\\b \\'cf\\'f0\\'e8\\'e2\\'e5\\'f2\\b0, \\u19990?\\u30028?\\par \\{x\\}\\emdash y\\~z\\_\\'e0\\endash\\-\\bullet {\\*\\generator Word;}\\par`,
      ),
    )
    assert.equal(pages.map(({ text }) => text).join('|'), 'Привет, 世界\n\n{x}—y z-а–•')
    assert.equal(documentType, 'rtf')
  })

  test('pages are told by the breaks of its author', async () => {
    assert.deepEqual(await pageTexts(rtf('One\\page Two\\par')), ['One', 'Two'])
  })

  test('a table is one of Markdown', async () => {
    const cells = (...texts: string[]) =>
      `\\trowd\\cellx1000\\cellx2000 ${texts.map((text) => `\\pard\\intbl ${text}\\cell`).join('')}\\row`
    assert.equal(
      await textOf(rtf(`${cells('a', 'b')}${cells('1', '2')}\\pard End\\par`)),
      '| a | b |\n| --- | --- |\n| 1 | 2 |\n\nEnd',
    )
  })
})
