import type { OfficeContentNode } from 'officeparser'
import { PAGE_END, renderLine, renderLines } from './render-line.ts'
import { renderRows } from './render-rows.ts'

type Node = OfficeContentNode
type NodeType = Node['type']

/** Blocks as Markdown, with a blank line between them but for the items of one list. */
export function renderBlocks(nodes: readonly Node[]): string {
  const parts: string[] = []
  let previous: Node | undefined
  for (const node of nodes) {
    const block = renderBlock(node)
    if (block === '') continue
    if (previous) parts.push(previous.type === 'list' && node.type === 'list' ? '\n' : '\n\n')
    parts.push(block)
    previous = node
  }
  return parts.join('')
}

/** A block, and behind it the footnotes and comments that hang on its words. */
const renderBlock = (node: Node): string => [renderContent(node), ...asides(node)].filter(Boolean).join('\n\n')

const CONTAINERS: readonly NodeType[] = ['admonition', 'definitionList', 'drawing', 'embed', 'header', 'footer', 'page']

function renderContent(node: Node): string {
  const { children = [] } = node
  if (CONTAINERS.includes(node.type) && children.length > 0) return renderBlocks(children)
  switch (node.type) {
    case 'table':
      return renderTable(children)
    case 'heading':
      return prefixed(`${'#'.repeat(Math.min(Math.max(node.metadata?.level ?? 1, 1), 6))} `, renderLine(node))
    case 'list':
      return renderItem(node)
    case 'code':
      return node.metadata?.math ? renderLine(node) : prefixed('```\n', `${(node.text ?? '').trimEnd()}\n\`\`\``)
    case 'slideMaster':
      return ''
    default:
      return renderLines(node)
  }
}

/** Deeper lists are read as if they were as deep as this. */
const DEEPEST_ITEM = 10

function renderItem(node: Extract<Node, { type: 'list' }>): string {
  const { listType, itemIndex = 0, indentation = 0 } = node.metadata ?? {}
  const marker = listType === 'ordered' ? `${itemIndex + 1}.` : '-'
  const item = prefixed(`${'  '.repeat(Math.min(indentation, DEEPEST_ITEM))}${marker} `, renderLine(node))
  const nested = (node.children ?? []).filter(({ type }) => type === 'list').map(renderBlock)
  return [item, ...nested].filter(Boolean).join('\n')
}

/** A page that begins with the block begins before its prefix. @returns '' where the text is empty */
export function prefixed(prefix: string, text: string): string {
  if (text.startsWith(PAGE_END)) return PAGE_END + prefixed(prefix, text.slice(PAGE_END.length))
  return text === '' ? '' : prefix + text
}

/** A table with these in its cells, or with that many blocks, arranges a page: it does not say what belongs to what. */
const OF_A_PAGE: readonly NodeType[] = ['table', 'heading']
const BLOCKS_OF_A_PAGE = 5

/** As a Markdown table, or as the blocks of its cells where it only arranges a page. */
function renderTable(rows: readonly Node[]): string {
  const columns = rows.reduce((most, { children = [] }) => Math.max(most, children.length), 0)
  const cells = rows.flatMap(({ children = [] }) => children)
  if (columns > 1 && !cells.some(arrangesPage)) return renderRows(rows)
  return renderBlocks(cells.flatMap(({ children = [] }) => children))
}

function arrangesPage({ children = [] }: Node): boolean {
  const blocks = children.filter(({ type }) => type !== 'text' && type !== 'break' && type !== 'image')
  return blocks.length >= BLOCKS_OF_A_PAGE || blocks.some(({ type }) => OF_A_PAGE.includes(type))
}

/** Footnotes and comments that hang on the words of a block, as blocks. */
export function asides({ type, notes = [], comments = [], children = [] }: Node): string[] {
  // Items below an item, and blocks in a container, bring their own.
  const words = CONTAINERS.includes(type) ? [] : children.filter((child) => child.type !== 'list')
  return [
    ...notes.map((note) => prefixed('Note: ', renderLines(note))),
    ...comments.map((comment) => prefixed('Comment: ', renderLines(comment))),
    ...words.flatMap(asides),
  ]
}
