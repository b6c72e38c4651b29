import type { Element } from 'domhandler'
import { DomHandler, isTag } from 'domhandler'
import { DomUtils, Parser } from 'htmlparser2'
import { Unreadable } from '../unreadable.ts'

/** Longer texts are prose, which needs no name of its element before it. */
const LONGEST_VALUE = 200

/**
 * The text of XML: an element that holds text is a line with its name before it, its markup inside left out; values of
 * attributes stand on a line before that. Entities that the document declares itself are not resolved.
 * @throws Unreadable TOO_LARGE
 */
export function readXml(xml: string): string {
  const handler = new ShallowHandler(undefined, { xmlMode: true })
  new Parser(handler, { xmlMode: true }).end(xml)
  return handler.root.childNodes.filter(isTag).flatMap(linesOf).join('\n')
}

/** The parser takes time by the square of the depth, and we the stack. */
const DEEPEST = 1_000

class ShallowHandler extends DomHandler {
  override onopentag(name: string, attributes: Record<string, string>): void {
    if (this.tagStack.length > DEEPEST) throw new Unreadable('TOO_LARGE', 'it is nested too deeply')
    super.onopentag(name, attributes)
  }
}

const linesOf = (element: Element): string[] => [...attributesOf(element), ...contentOf(element)]

function attributesOf({ name, attribs }: Element): string[] {
  const told = Object.entries(attribs).filter(([key, value]) => !/^xml(ns)?(:|$)/.test(key) && value.trim() !== '')
  return told.length === 0 ? [] : [`${name} ${told.map(([key, value]) => `${key}: ${value}`).join(', ')}`]
}

function contentOf(element: Element): string[] {
  const elements = element.childNodes.filter(isTag)
  const hasText = element.childNodes.some((node) => !isTag(node) && DomUtils.textContent(node).trim() !== '')
  if (elements.length > 0 && !hasText) return elements.flatMap(linesOf)
  const text = DomUtils.textContent(element).replaceAll(/\s+/g, ' ').trim()
  if (text === '') return []
  return [text.length > LONGEST_VALUE ? text : `${element.name}: ${text}`]
}

/** What may stand before the root element. Each part ends at one place only: with two that would do, hostile text takes for ever. */
const PROLOG = /^\s*(?:(?:<\?[^>]*>|<!--(?:[^-]|-(?!->))*-->|<!DOCTYPE[^>[]*(?:\[[^\]]*\][^>]*)?>)\s*)*/i
const ELEMENT = /^<([A-Za-z_][\w:.-]*)/
/** A prolog is short; a text that only begins like one is not searched to its end. */
const LONGEST_PROLOG = 65_536

/** What stands before the root element of XML or HTML. */
export const prologOf = (text: string): string => PROLOG.exec(text.slice(0, LONGEST_PROLOG))?.[0] ?? ''

/** The name of the root element of XML or HTML, in small letters. */
export const rootName = (text: string): string | undefined =>
  ELEMENT.exec(text.slice(prologOf(text).length, LONGEST_PROLOG))?.[1]?.toLowerCase()

/** Whether the text says that it is XML, or is one element from its beginning to its end. */
export function isXml(text: string): boolean {
  if (/^\s*<\?xml\s/.test(text)) return true
  const root = rootName(text)
  return root !== undefined && text.slice(-1_000).trimEnd().toLowerCase().endsWith(`</${root}>`)
}
