/**
 * Writes the PDFs: `node examples/make-examples.ts`. They are committed, so this is only for those who change what is in
 * them; the same content always gives the same bytes.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CONTRACT, MANUAL, NOTES, REPORT, WARRANTY } from './documents.ts'
import { drawPdf } from './draw-pdf.ts'

const HEAD_BYTES = 120
const LOST_BYTES = 2_000

const write = (name: string, content: Buffer) => writeFile(join(import.meta.dirname, name), content)

await write('01-echo-sounder-manual.pdf', await drawPdf(MANUAL))
await write('02-warranty-and-service.pdf', await drawPdf(WARRANTY))
await write('03-field-report-2025.pdf', await drawPdf(REPORT))
await write('07-supplier-contract.pdf', await drawPdf(CONTRACT))

const notes = await drawPdf(NOTES)
// The head of a real PDF, then nothing that a reader could use: as after a broken transfer.
await write('08-field-notes.pdf', Buffer.concat([notes.subarray(0, HEAD_BYTES), Buffer.alloc(LOST_BYTES)]))
await write('replacements/08-field-notes.pdf', notes)
