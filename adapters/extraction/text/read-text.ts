import type { ExtractionLimits, Reading } from '../extraction.ts'
import { checkLength } from '../limits.ts'
import { readOffice } from '../office/read-office.ts'
import { declaredEncoding } from './declared-encoding.ts'
import { decodeText } from './decode-text.ts'
import { parseEmail } from './parse-email.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { readXml } from './read-xml.ts'
import type { TextType } from './text-type.ts'
import { textType } from './text-type.ts'

/**
 * What is written in a text file, by what kind of text it is; undefined where the bytes are no text.
 * @throws Unreadable TOO_LARGE, CORRUPT
 */
export async function readText(bytes: Buffer, limits: ExtractionLimits): Promise<Reading | undefined> {
  const text = decodeText(bytes, declaredEncoding(bytes))?.text
  if (text === undefined) return undefined
  checkLength(text.length, limits)
  const type = textType(text)
  if (type === 'html') return readHtml(text, limits)
  if (type === 'email') return readEmail(bytes, limits)
  return { pages: [{ number: 1, text: READERS[type](text) }], documentType: type }
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

const withoutMark = (bytes: Buffer) =>
  bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes

const asItIs = (text: string) => text

const READERS = {
  xml: readXml,
  json: readJson,
  jsonl: readJson,
  csv: readCsv,
  markdown: asItIs,
  text: asItIs,
} as const satisfies Record<Exclude<TextType, 'html' | 'email'>, (text: string) => string>

const readHtml = (html: string, limits: ExtractionLimits) => readOffice(Buffer.from(html), 'html', limits)

async function readEmail(bytes: Buffer, limits: ExtractionLimits): Promise<Reading> {
  const { subject, author, head, body, attachments } = await parseEmail(withoutMark(bytes))
  const text =
    'html' in body ? (await readHtml(body.html, limits)).pages.map((page) => page.text).join('\n') : body.text
  const parts = [head, text, attachments].filter((part) => part.trim() !== '')
  return { pages: [{ number: 1, text: parts.join('\n\n') }], documentType: 'email', title: subject, author }
}
