import PDFDocument from 'pdfkit'

export type Block =
  | { readonly heading: string }
  | { readonly text: readonly string[] }
  | { readonly list: readonly string[]; readonly numbered?: boolean }
  | { readonly rows: readonly (readonly string[])[] }
  | { readonly note: string }

export type Pdf = {
  readonly title: string
  readonly subtitle: string
  /** The document's number, at the foot of each page. */
  readonly reference: string
  /** Each page's blocks, which must fit on it. */
  readonly pages: readonly (readonly Block[])[]
  /** Without it nobody can open the document. */
  readonly userPassword?: string
}

type Document = PDFKit.PDFDocument

const COMPANY = 'Harbourlight Marine Instruments'
/** Fixed, so that the same content always gives the same bytes. */
const DATE = new Date('2026-03-02T09:00:00Z')
const [INK, ACCENT, GREY, PALE] = ['#1b2a41', '#0b7a75', '#6b7684', '#eef4f4']
/** In points; a page is 420 wide and 595 high. */
const [MARGIN, BAND, FOOT] = [40, 66, 566]

/** Draws an A5 document. */
export async function drawPdf({ title, subtitle, reference, pages, userPassword }: Pdf): Promise<Buffer> {
  const document = new PDFDocument({
    autoFirstPage: false,
    size: 'A5',
    margins: { top: BAND + 28, left: MARGIN, right: MARGIN, bottom: 20 },
    info: { Title: `${title}: ${subtitle}`, Author: COMPANY, CreationDate: DATE, ModDate: DATE },
    ...(userPassword && { userPassword }),
  })
  for (const [i, blocks] of pages.entries()) {
    document.addPage()
    drawBand(document, title, subtitle)
    for (const block of blocks) drawBlock(document, block)
    drawFoot(document, reference, `Page ${i + 1} of ${pages.length}`)
  }
  document.end()
  const parts: Buffer[] = []
  for await (const part of document) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function drawBand(document: Document, title: string, subtitle: string): void {
  const { width } = document.page
  document.rect(0, 0, width, BAND).fill(INK)
  document.rect(0, BAND, width, 3).fill(ACCENT)
  document.font('Helvetica-Bold').fontSize(15).fillColor('white').text(title, MARGIN, 20, { lineBreak: false })
  document.font('Helvetica').fontSize(8.5).fillColor('#c7d3dd').text(subtitle, MARGIN, 42, { lineBreak: false })
  document.text(COMPANY, MARGIN, 42, { align: 'right', width: width - 2 * MARGIN })
  document.text('', MARGIN, BAND + 28)
}

function drawFoot(document: Document, reference: string, page: string): void {
  const width = document.page.width - 2 * MARGIN
  document
    .moveTo(MARGIN, FOOT - 8)
    .lineTo(MARGIN + width, FOOT - 8)
    .lineWidth(0.5)
    .stroke(GREY)
  document.font('Helvetica').fontSize(7.5).fillColor(GREY).text(reference, MARGIN, FOOT, { lineBreak: false })
  // Not the foot's own width: text that reaches the margin would begin a new page.
  document.text(page, MARGIN + width - document.widthOfString(page), FOOT, { lineBreak: false })
}

function drawBlock(document: Document, block: Block): void {
  document.x = MARGIN
  if ('heading' in block) drawHeading(document, block.heading)
  else if ('text' in block) for (const paragraph of block.text) body(document).text(paragraph).moveDown(0.8)
  else if ('list' in block) drawList(document, block.list, block.numbered ?? false)
  else if ('rows' in block) drawTable(document, block.rows)
  else drawNote(document, block.note)
}

const body = (document: Document) => document.font('Helvetica').fontSize(9.5).fillColor(INK).lineGap(3)

function drawHeading(document: Document, heading: string): void {
  document.font('Helvetica-Bold').fontSize(13).fillColor(ACCENT).lineGap(0).text(heading).moveDown(0.6)
}

function drawList(document: Document, items: readonly string[], numbered: boolean): void {
  body(document).list([...items], { listType: numbered ? 'numbered' : 'bullet', bulletRadius: 2, textIndent: 18 })
  document.moveDown(0.8)
}

function drawTable(document: Document, rows: readonly (readonly string[])[]): void {
  body(document).fontSize(8.5).lineGap(0)
  document.table({
    data: rows.map((row) => [...row]),
    defaultStyle: { padding: 5, border: { bottom: 0.5 }, borderColor: '#c9d2da', textColor: INK },
    rowStyles: (row) =>
      row === 0 ? { backgroundColor: ACCENT, textColor: 'white' } : row % 2 ? {} : { backgroundColor: PALE },
  })
  document.moveDown(1.2)
}

function drawNote(document: Document, note: string): void {
  const width = document.page.width - 2 * MARGIN
  body(document).fontSize(8.5).lineGap(2)
  const height = document.heightOfString(note, { width: width - 28 }) + 18
  const { y } = document
  document.rect(MARGIN, y, width, height).fill(PALE)
  document.rect(MARGIN, y, 3, height).fill(ACCENT)
  document.fillColor(INK).text(note, MARGIN + 16, y + 10, { width: width - 28 })
  document.text('', MARGIN, y + height).moveDown(0.8)
}
