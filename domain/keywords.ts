/**
 * Under which terms a word is looked for: one, or several where it may be written in several ways. It comes in lower case and has letters only.
 */
export type WordForms = (word: string) => readonly string[]

/** Scripts without spaces between words, or with long words of many parts: pairs of characters stand for their words. */
const PAIRED = '\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}ー'
/** Scripts without spaces whose characters say little: words by Unicode's dictionaries. */
const SEGMENTED = '\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}'
const SPACED = `[[\\p{L}\\p{N}]--[${PAIRED}${SEGMENTED}]][[\\p{L}\\p{M}\\p{N}]--[${PAIRED}${SEGMENTED}]]*`
/** Words with single signs between them, as in `A-1203/7`, `3.14` or an e-mail address; a comma only between digits. */
const TOKENS = new RegExp(
  `[${PAIRED}]+|[${SEGMENTED}]+|${SPACED}(?:(?:[\\-'.\\/_@:&+]|(?<=\\p{N}),(?=\\p{N}))${SPACED})*(?:\\+\\+|#)?`,
  'gv',
)
/** The same for texts that have nothing else, several times as fast. */
const ASCII_TOKENS = /[a-z0-9]+(?:(?:[-'./_@:&+]|(?<=[0-9]),(?=[0-9]))[a-z0-9]+)*(?:\+\+|#)?/gi
/** Words as most are. */
const PLAIN_WORD = /^[A-Z]?[a-z]+$/
const [IS_PAIRED, IS_SEGMENTED] = [new RegExp(`^[${PAIRED}]`, 'u'), new RegExp(`^[${SEGMENTED}]`, 'u')]
const SEGMENTER = new Intl.Segmenter('th', { granularity: 'word' })
/** Digits, words, and the words in `camelCase`. */
const PARTS = /\p{N}+|[\p{Lu}\p{Lt}]*[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|[\p{Lu}\p{Lt}]+/gu
/** What changes more often between letters and digits is a checksum or the like, of which no part means anything. */
const MOST_PARTS = 4
/** In UTF-16 code units: nobody looks for longer ones as a whole. */
export const LONGEST = 64

/**
 * The terms that a text is found by, in the order of the text: its words by `forms`; numbers, identifiers and addresses as a whole and in
 * their parts; pairs of characters of Chinese, Japanese and Korean, and single ones that stand alone. The same for what is asked for.
 */
export function keywords(text: string, forms: WordForms): string[] {
  const tokens = (isAscii(text) ? text.match(ASCII_TOKENS) : plain(text).match(TOKENS)) ?? []
  return tokens.flatMap((token) => termsOf(token, forms)).filter((term) => term.length <= LONGEST)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is that of ASCII
const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)

/** Compatibility forms, one kind of apostrophe, hyphen and digit, and nothing that is not seen. */
const plain = (text: string) =>
  text
    .normalize('NFKC')
    // Which takes these vowels of Thai and Lao apart, as dictionaries do not know them.
    .replaceAll('\u0e4d\u0e32', '\u0e33')
    .replaceAll('\u0ecd\u0eb2', '\u0eb3')
    .replace(/[\u00ad\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/[’‘ʼ]/g, "'")
    .replace(/[‐‑]/g, '-')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))

function termsOf(token: string, forms: WordForms): readonly string[] {
  if (PLAIN_WORD.test(token)) return forms(token.toLowerCase())
  if (IS_PAIRED.test(token)) return pairs(token)
  if (IS_SEGMENTED.test(token)) return Array.from(SEGMENTER.segment(token), ({ segment }) => segment)
  // One letter beside an apostrophe is an ending or an article.
  if (token.includes("'")) return token.split("'").flatMap((word) => (word.length > 1 ? termsOf(word, forms) : []))
  const pieces = token.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const parts = pieces.flatMap(partsOf).flatMap((part) => termsOfPart(part, forms))
  return pieces.length === 1 && pieces[0] === token && partsOf(token).length === 1
    ? parts
    : [...parts, ...termsOfPart(whole(token, pieces), forms)]
}

function pairs(token: string): string[] {
  const characters = [...token]
  return characters.length === 1 ? characters : characters.slice(1).map((next, i) => `${characters[i]}${next}`)
}

function partsOf(piece: string): string[] {
  const parts = piece.match(PARTS) ?? []
  return parts.length <= MOST_PARTS ? parts : [piece]
}

const termsOfPart = (part: string, forms: WordForms): readonly string[] =>
  /^[\p{L}\p{M}]+$/u.test(part) ? forms(part.toLowerCase()) : [foldAccents(part.toLowerCase())]

/** Without hyphens, without the dots of abbreviations and those that set off thousands. Decimals have a point. */
function whole(token: string, pieces: readonly string[]): string {
  if (/^[\p{N}.,]+$/u.test(token)) {
    const decimals = pieces.length > 1 && pieces.at(-1)?.length !== 3 ? pieces.at(-1) : undefined
    const integer = (decimals === undefined ? pieces : pieces.slice(0, -1)).join('')
    return decimals === undefined ? integer : `${integer}.${decimals}`
  }
  const joined = token.replaceAll('-', '')
  return pieces.every(({ length }) => length === 1) ? joined.replaceAll('.', '') : joined
}

/** Of scripts whose letters are the same without them. Elsewhere marks are vowels, or make other letters. */
const ACCENTS = /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]/g
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', ł: 'l', ı: 'i', þ: 'th' },
  ...{ ς: 'σ', ة: 'ه', ى: 'ي', ی: 'ي', ک: 'ك', ٱ: 'ا' },
}
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g')

/** A word in lower case as it is written by somebody without accents: `größe` is `grosse`. */
export const foldAccents = (word: string): string =>
  isAscii(word)
    ? word
    : word
        .normalize('NFD')
        .replace(ACCENTS, '')
        .normalize('NFC')
        .replace(SPECIAL, (letter) => LETTERS[letter] ?? letter)
