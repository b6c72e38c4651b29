import { open } from 'node:fs/promises'
import type { FileTypeResult } from 'file-type'
import { fileTypeFromFile } from 'file-type'
import type { OfficeType } from './office/read-office.ts'

/** What a file is by its magic bytes, and an archive by what is in it; `unknown` may be text. */
export type DetectedType =
  | { readonly type: 'pdf' | OfficeType }
  | { readonly type: 'image' | 'binary' | 'unknown'; readonly description: string }
  /** Microsoft's container of old, in which many formats are kept. */
  | { readonly type: 'compound' }

/** Templates, shows, and files with macros are documents like others. */
const OFFICE_TYPES: Readonly<Record<string, OfficeType>> = {
  ...typed('docx', ['docx', 'docm', 'dotx', 'dotm']),
  ...typed('pptx', ['pptx', 'pptm', 'ppsx', 'ppsm', 'potx', 'potm']),
  ...typed('xlsx', ['xlsx', 'xlsm', 'xltx', 'xltm']),
  ...typed('odt', ['odt', 'ott']),
  ...typed('ods', ['ods', 'ots']),
  ...typed('odp', ['odp', 'otp']),
  ...typed('epub', ['epub']),
  ...typed('rtf', ['rtf']),
}

function typed(type: OfficeType, extensions: readonly string[]) {
  return Object.fromEntries(extensions.map((extension) => [extension, type]))
}

/** Pictures that can be recognised as they are. */
const IMAGES = ['png', 'jpg', 'tif', 'bmp', 'gif', 'webp']

/** Tells what a file is by its content; its name may say anything. */
export async function detectType(path: string): Promise<DetectedType> {
  const head = await readHead(path)
  const beginning = head.toString('latin1')
  if (beginning.startsWith('%PDF-')) return { type: 'pdf' }
  const known = await fileTypeFromFile(path)
  if (!known) return unnamed(beginning)
  const office = OFFICE_TYPES[known.ext]
  if (office) return { type: office }
  if (known.ext === 'cfb') return { type: 'compound' }
  // Some signatures are ordinary letters: a text may begin with "BM" and be no bitmap.
  if (!head.includes(0) && !WRITTEN_BY_MACHINES.includes(known.ext))
    return { type: 'unknown', description: describe(known) }
  return { type: IMAGES.includes(known.ext) ? 'image' : 'binary', description: describe(known) }
}

/** In plain characters, but not text for a reader. */
const WRITTEN_BY_MACHINES: readonly string[] = ['ps', 'eps', 'pgp']

function unnamed(beginning: string): DetectedType {
  // Readers accept a PDF that begins a little later, as behind the headers of a download.
  if (/%PDF-\d/.test(beginning)) return { type: 'pdf' }
  if (beginning.startsWith('{\\rtf')) return { type: 'rtf' }
  return { type: 'unknown', description: 'it is no known format, nor text in a known encoding' }
}

const HEAD_BYTES = 1_024

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}

const KINDS: Readonly<Record<string, string>> = { image: 'image', audio: 'recording', video: 'video', font: 'font' }

function describe({ ext, mime }: FileTypeResult): string {
  const article = /^[aefhilmnorsx]/.test(ext) ? 'an' : 'a'
  const kind = KINDS[mime.split('/')[0] ?? ''] ?? (/zip|tar|rar|7z|compress/.test(mime) ? 'archive' : 'file')
  return `it is ${article} ${ext.toUpperCase()} ${kind}, ${mime}`
}
