import { Unreadable } from './unreadable.ts'

/** Names of streams, which the directory of a compound file has in UTF-16, and what a file is that has one. */
const KINDS: readonly (readonly [stream: string, description: string])[] = [
  ['WordDocument', 'it is a Word document from before 2007, application/msword: save it as .docx'],
  [
    'PowerPoint Document',
    'it is a PowerPoint presentation from before 2007, application/vnd.ms-powerpoint: save it as .pptx',
  ],
  ['Workbook', 'it is an Excel workbook from before 2007, application/vnd.ms-excel: save it as .xlsx'],
  ['Book', 'it is an Excel workbook from before 1997, application/vnd.ms-excel: save it as .xlsx'],
  ['__substg1.0_', 'it is an Outlook message, application/vnd.ms-outlook: save it as .eml'],
]

/** Why a compound file gives no text: it is a protected document, or one of the formats of old. */
export function refuseCompoundFile(bytes: Buffer): Unreadable {
  const has = (stream: string) => bytes.includes(Buffer.from(stream, 'utf16le'))
  if (has('EncryptedPackage')) return new Unreadable('ENCRYPTED')
  const [, description] = KINDS.find(([stream]) => has(stream)) ?? []
  return new Unreadable('UNSUPPORTED_TYPE', description ?? 'it is a compound file, application/x-cfb')
}
