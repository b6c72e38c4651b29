import type { Attributes, XmlListener } from './xml-events.ts'

/** Characters that XML cannot hold (ECMA-376 part 1, 22.4.2.4). */
const ESCAPED = /_x([0-9A-F]{4})_/g

const unescapeText = (text: string): string =>
  text.replaceAll(ESCAPED, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))

/** In a workbook texts are in `t`, values in `v`. */
const isText = (name: string) => name === 't' || name === 'v'

/** Listens for elements of that name in a workbook: tells each one's text, without how its words are pronounced. */
export function elementTexts(element: string, found: (text: string, attributes: Attributes) => void) {
  let attributes: Attributes = {}
  let text = ''
  let inText = false
  let isPronunciation = false
  return {
    open: (name, its) => {
      if (name === element) [attributes, text] = [its, '']
      else if (isText(name)) inText = !isPronunciation
      else if (name === 'rPh') isPronunciation = true
    },
    text: (data) => {
      if (inText) text += data
    },
    close: (name) => {
      if (isText(name)) inText = false
      else if (name === 'rPh') isPronunciation = false
      else if (name === element) found(unescapeText(text), attributes)
    },
  } as const satisfies XmlListener
}
