import PDFDocument from 'pdfkit'

/** A PDF with one page for each of the texts. */
export async function makePdf(pages: readonly string[], options: { userPassword?: string } = {}): Promise<Buffer> {
  const document = new PDFDocument({ ...options, autoFirstPage: false })
  for (const text of pages) document.addPage().fontSize(12).text(text)
  document.end()
  const parts: Buffer[] = []
  for await (const part of document) parts.push(part as Buffer)
  return Buffer.concat(parts)
}
