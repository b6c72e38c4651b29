import type { OfficeContentNode } from 'officeparser'
import type { Page } from '../../../domain/chunk.ts'
import { asides, prefixed, renderBlocks } from './render-blocks.ts'
import { PAGE_END, renderLines } from './render-line.ts'
import { renderRows } from './render-rows.ts'

type Node = OfficeContentNode

/**
 * A document as Markdown, page by page: a page is a slide, a sheet, or what the program that wrote the document last put
 * on a page. Without page breaks the whole document is one.
 */
export function renderPages(content: readonly Node[]): Page[] {
  const inParts = content.some(({ type }) => type === 'slide' || type === 'sheet')
  const texts = inParts ? renderParts(content) : renderBlocks(withOnePageBreakEach(content)).split(PAGE_END)
  return texts.map((text, index) => ({ number: index + 1, text: text.trim() }))
}

/** A slide without text is not there, but has its number. */
function renderParts(parts: readonly Node[]): string[] {
  const texts: string[] = []
  for (const part of parts) {
    const { slideNumber = 0 } = numbered(part)
    while (texts.length < slideNumber - 1) texts.push('')
    texts.push(renderPart(part))
  }
  return texts
}

const numbered = ({ metadata }: Node) => (metadata ?? {}) as { slideNumber?: number }

function renderPart(part: Node): string {
  if (part.type === 'sheet') return renderSheet(part)
  const slide = withoutItsNumber(part)
  const behind = [
    ...(slide.notes ?? []).map((note) => prefixed('Notes: ', renderLines(withoutItsNumber(note)))),
    ...(slide.comments ?? []).map((comment) => prefixed('Comment: ', renderLines(comment))),
  ]
  return [renderBlocks(slide.children ?? []), ...behind].filter(Boolean).join('\n\n')
}

/** A slide, and the page with its notes, may show its number, which says nothing. */
function withoutItsNumber<Part extends Node>(part: Part): Part {
  const own = [String(numbered(part).slideNumber), '‹#›']
  return { ...part, children: (part.children ?? []).filter(({ text }) => !own.includes(text ?? '')) }
}

function renderSheet({ metadata, children = [] }: Extract<Node, { type: 'sheet' }>): string {
  const rows = children.filter(({ type }) => type === 'row')
  const others = children.filter(({ type }) => type !== 'row')
  const blocks = [renderRows(rows), renderBlocks(others), ...rows.flatMap(asides)].filter((block) => block !== '')
  // A name alone says nothing.
  return blocks.length === 0 ? '' : [`# ${metadata?.sheetName ?? ''}`, ...blocks].join('\n\n')
}

/**
 * A break that the author made is followed by one that the program made when it laid the pages out. Where there are any of
 * the latter they are all that there is.
 */
function withOnePageBreakEach(content: readonly Node[]): readonly Node[] {
  return hasBreak(content, 'lastRenderedPage') ? content.map(withoutAuthorsBreaks) : content
}

const isBreak = (node: Node, breakType: string) => node.type === 'break' && node.metadata?.breakType === breakType

const hasBreak = (nodes: readonly Node[], breakType: string): boolean =>
  nodes.some((node) => isBreak(node, breakType) || hasBreak(node.children ?? [], breakType))

function withoutAuthorsBreaks(node: Node): Node {
  const { children } = node
  return children
    ? { ...node, children: children.filter((child) => !isBreak(child, 'page')).map(withoutAuthorsBreaks) }
    : node
}
