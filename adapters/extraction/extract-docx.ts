import mammoth from 'mammoth'
import { cleanText } from './clean-text.ts'
import type { Reading } from './extraction.ts'

/** The text of a Word document, a paragraph a line; a flow of text has no pages of its own, so it is one. */
export async function extractDocx(bytes: Buffer): Promise<Reading> {
  try {
    const { value } = await mammoth.extractRawText({ buffer: bytes })
    const text = cleanText(value)
    return text.trim() === '' ? { code: 'NO_TEXT' } : { pages: [{ number: 1, text }], documentType: 'docx' }
  } catch (cause) {
    return { code: 'CORRUPT', cause }
  }
}
