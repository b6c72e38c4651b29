import type { Reading } from '../extraction.ts'
import type { Parts } from './unpack.ts'
import { readXmlEvents } from './xml-events.ts'

/** What an OOXML archive says of the document as a whole. */
export function coreProperties(parts: Parts): Pick<Reading, 'title' | 'author'> {
  const properties = new Map<string, string>()
  let name = ''
  readXmlEvents(parts.get('docprops/core.xml'), {
    open: (tag) => {
      name = tag
    },
    text: (text) => {
      properties.set(name, (properties.get(name) ?? '') + text)
    },
    close: () => {
      name = ''
    },
  })
  return { title: properties.get('title') ?? null, author: properties.get('creator') ?? null }
}
