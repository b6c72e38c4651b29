/** Controls, but for line breaks and tabs, and what changes the direction of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

/** Text of a user, a document or a model, such that it cannot command the terminal on which it is shown. */
export const plainText = (text: string): string => text.replaceAll(CONTROLS, '')

/** The same on one line: in a table, or beside what we say ourselves. */
export const plainLine = (text: string): string => plainText(text.replaceAll(/\s+/g, ' '))
