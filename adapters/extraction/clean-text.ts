// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Not seen, but in the way of a search: soft hyphens, byte order marks, and marks that turn the direction of text around. */
const INVISIBLE = /[\u00ad\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

/**
 * Text as it is kept: lines end with `\n`, a form feed ends one too, there are no other control characters but tabs, none
 * that is not seen, no lone surrogates, and characters are composed (NFC).
 */
export const cleanText = (text: string): string =>
  text
    .replace(/\r\n?|\f/g, '\n')
    .replace(CONTROLS, '')
    .replace(INVISIBLE, '')
    .toWellFormed()
    .normalize('NFC')
