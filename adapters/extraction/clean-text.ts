// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/**
 * Text as it is kept: lines end with `\n`, a form feed ends one too, there are no other control characters but tabs, no
 * lone surrogates, and characters are composed (NFC).
 */
export const cleanText = (text: string): string =>
  text
    .replace(/\r\n?|\f/g, '\n')
    .replace(CONTROLS, '')
    .toWellFormed()
    .normalize('NFC')
