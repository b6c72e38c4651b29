import { fileTypeFromBuffer } from 'file-type'
import { decodeText } from './decode-text.ts'

export type DetectedType =
  | { readonly type: 'pdf' | 'docx' }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'other'; readonly description: string }

/** Readers accept a PDF that begins within this many bytes. */
const PDF_BEGINS_WITHIN = 1_024
/** Written in plain characters, but not text for a reader. */
const NOT_FOR_READERS = ['application/rtf', 'application/postscript']

/** Tells what a file is by its bytes; its name may say anything. */
export async function detectType(bytes: Buffer): Promise<DetectedType> {
  const known = await fileTypeFromBuffer(bytes)
  if (known?.mime === 'application/pdf') return { type: 'pdf' }
  if (known?.ext === 'docx') return { type: 'docx' }
  // Some signatures are ordinary letters: a text may begin with "BM" and be no bitmap.
  const text = known && NOT_FOR_READERS.includes(known.mime) ? undefined : decodeText(bytes)
  if (!known && hasPdfHeader(bytes)) return { type: 'pdf' }
  if (text !== undefined) return { type: 'text', text }
  return { type: 'other', description: known ? describe(known) : 'it is no known format, nor text in a known encoding' }
}

const hasPdfHeader = (bytes: Buffer) => /%PDF-\d/.test(bytes.toString('latin1', 0, PDF_BEGINS_WITHIN))

function describe({ ext, mime }: { ext: string; mime: string }): string {
  const kinds: Record<string, string> = { image: 'image', audio: 'recording', video: 'video', font: 'font' }
  const article = /^[aefhilmnorsx]/.test(ext) ? 'an' : 'a'
  return `it is ${article} ${ext.toUpperCase()} ${kinds[mime.split('/')[0] ?? ''] ?? 'file'}, ${mime}`
}
