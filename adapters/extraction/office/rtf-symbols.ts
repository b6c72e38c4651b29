import { PAGE_END } from './render-line.ts'

/** Readers of any setting take this for one character. */
const character = (text: string) => `{\\uc1\\u${text.charCodeAt(0)}?}`

/** Control words and symbols that stand for characters (RTF 1.9.1, "Special Characters"), and are lost on officeparser. */
const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['emdash', character('—')],
  ['endash', character('–')],
  ['bullet', character('•')],
  ['emspace', ' '],
  ['enspace', ' '],
  ['qmspace', ' '],
  ['page', `\\par ${character(PAGE_END)}\\par `],
  ['~', ' '],
  ['_', '-'],
  ['-', ''],
])

/** With a word goes the space behind it. A backslash behind another one is text. */
const CONTROL = /\\(?:([a-z]+)(?![a-z0-9-]) ?|([^a-z]))/g

export const withRtfSymbols = (rtf: Uint8Array): Uint8Array =>
  Buffer.from(
    Buffer.from(rtf)
      .toString('latin1')
      .replaceAll(
        CONTROL,
        (control, word: string | undefined, symbol: string) => SYMBOLS.get(word ?? symbol) ?? control,
      ),
    'latin1',
  )
