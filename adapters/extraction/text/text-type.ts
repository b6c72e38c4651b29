import type { DocumentType } from '../../../domain/document-type.ts'
import { isEmail } from './parse-email.ts'
import { isCsv } from './read-csv.ts'
import { isJson, isJsonLines } from './read-json.ts'
import { isXml, prologOf, rootName } from './read-xml.ts'

export type TextType = Extract<DocumentType, 'html' | 'xml' | 'email' | 'json' | 'jsonl' | 'csv' | 'markdown' | 'text'>

/** What a text is, by how it is built. */
export function textType(text: string): TextType {
  if (isHtml(text)) return 'html'
  if (isXml(text)) return 'xml'
  if (isEmail(text)) return 'email'
  if (isJson(text)) return 'json'
  if (isJsonLines(text)) return 'jsonl'
  if (isMarkdown(text)) return 'markdown'
  return isCsv(text) ? 'csv' : 'text'
}

/** Elements that a fragment of a page may begin with. */
const HTML_ELEMENTS = /^(?:head|body|title|meta|link|div|p|table|h[1-6]|ul|ol|article|section|main|header|nav|span)$/

function isHtml(text: string): boolean {
  if (/<!doctype html/i.test(prologOf(text))) return true
  const root = rootName(text) ?? ''
  return root === 'html' || (HTML_ELEMENTS.test(root) && isFragment(text))
}

/** Markdown may begin with an element too, and prose with the name of one. */
const isFragment = (text: string) =>
  !/^\s*<\?xml/.test(text) && /<\/[a-z][a-z0-9]*\s*>\s*$/i.test(text.slice(-1_000)) && !isMarkdown(text)

/** Of these, two kinds say that a text is Markdown; one may be by chance. */
const MARKDOWN = [
  /^#{1,6} \S/m,
  /^(?:```|~~~)/m,
  /\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)/,
  /^\|(?: *:?-+:? *\|)+\s*$/m,
  /(?<![\w*])\*\*[^\s*][^*\n]{0,200}\*\*(?![\w*])/,
  /^[-*+] \S/m,
]
const KINDS_OF_MARKDOWN = 2
const LOOKED_AT = 100_000

function isMarkdown(text: string): boolean {
  const beginning = text.slice(0, LOOKED_AT)
  const found = MARKDOWN.map((pattern) => pattern.test(beginning))
  const [heading, fence, link, table] = found
  return found.filter(Boolean).length >= KINDS_OF_MARKDOWN && [heading, fence, link, table].some(Boolean)
}
