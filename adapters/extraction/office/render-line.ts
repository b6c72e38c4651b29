import type { OfficeContentNode } from 'officeparser'

type Node = OfficeContentNode

/** Stands between pages while a document is rendered; no text of a document holds one. */
export const PAGE_END = '\f'

/** Looks at each run of white space once: without the look behind, a million of line breaks would take hours. */
const EDGES = /^[ \n]+|(?<![ \n])[ \n]+$/g

/** The text of a block, in the lines that its author broke it into. */
export const renderLines = (node: Node): string =>
  inline(node)
    .replaceAll(/[^\S\n\f]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(EDGES, '')

/** The same in one line. */
export const renderLine = (node: Node): string =>
  inline(node)
    .replaceAll(/[^\S\f]+/g, ' ')
    .replaceAll(EDGES, '')

function inline(node: Node): string {
  const { children = [] } = node
  if (node.type === 'break') return /page/i.test(node.metadata?.breakType ?? '') ? PAGE_END : '\n'
  // A picture stands for itself, whatever words it is set between.
  if (node.type === 'image') return ` ${node.metadata?.altText ?? ''} `
  if (children.length === 0) return node.text ?? ''
  // The items below a list's item are lines of their own.
  return children.map((child) => (node.type === 'list' && child.type === 'list' ? '' : inlineChild(child))).join('')
}

const PARTS_OF_A_LINE: readonly Node['type'][] = ['text', 'image', 'break', 'code']

const inlineChild = (child: Node): string =>
  PARTS_OF_A_LINE.includes(child.type) ? inline(child) : `${inline(child)}\n`
