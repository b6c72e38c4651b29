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
/** Of `HTTPResponse`; less than three letters behind an acronym are none of a word: `PDFs`, `IPv6`. */
const ACRONYM_AND_WORD = /^(\p{Lu}+)(\p{Lu}\p{Ll}{2,})$/u
/** What has more parts, and shorter ones, is a checksum or the like, of which no part means anything. */
const [MOST_PARTS, SHORTEST_MEAN] = [4, 3]
/** In UTF-16 code units: nobody looks for longer ones as a whole. */
export const LONGEST = 64

/**
 * What is asked for, in the order of the question: each word with the terms by `forms` that it may be found by, of which one is as good as all;
 * numbers, identifiers and addresses as a whole and in their parts; pairs of characters of Chinese, Japanese and Korean, and single ones that stand alone.
 */
export const askedWords = (question: string, forms: WordForms): string[][] =>
  tokensOf(question)
    .flatMap((token) => (isWord(token) ? [termsOf(token, forms)] : termsOf(token, forms).map((term) => [term])))
    .map((word) => word.filter(isTerm))
    .filter(({ length }) => length > 0)

/**
 * The terms that a text is found by: the same, and all single characters that may be words, for questions that are one. A longer question
 * does not ask for its own: by common characters it would find anything.
 */
export const keywords = (text: string, forms: WordForms): string[] =>
  tokensOf(text)
    .flatMap((token) => [...termsOf(token, forms), ...singles(token)])
    .filter(isTerm)

const tokensOf = (text: string): readonly string[] =>
  (isAscii(text) ? text.match(ASCII_TOKENS) : plain(text).match(TOKENS)) ?? []

/** One, that is: `camelCase` is several, of which each counts. */
function isWord(token: string): boolean {
  if (PLAIN_WORD.test(token)) return true
  const isSpelled = /^[\p{L}\p{M}]+$/u.test(token) && !IS_PAIRED.test(token) && !IS_SEGMENTED.test(token)
  return isSpelled && partsOf(token).flatMap(readings).length === 1
}

/** A letter that is a mark itself is nothing without its marks. */
const isTerm = ({ length }: string) => length > 0 && length <= LONGEST

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is that of ASCII
const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text)

/** Compatibility forms, one kind of apostrophe, hyphen and digit, and nothing that is not seen. */
const plain = (text: string) =>
  text
    .normalize('NFKC')
    // Which takes these vowels of Thai and Lao apart, as dictionaries do not know them.
    .replaceAll('\u0e4d\u0e32', '\u0e33')
    .replaceAll('\u0ecd\u0eb2', '\u0eb3')
    // In Persian it is what a hyphen is elsewhere; other scripts have it within letters.
    .replace(/(?<=\p{sc=Arab})\u200c+(?=\p{sc=Arab})/gu, '-')
    .replace(/[\u00ad\u0640\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/[’‘ʼ]/g, "'")
    .replace(/[‐‑]/g, '-')
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => String(digit.charCodeAt(0) & 0xf))

function termsOf(token: string, forms: WordForms): readonly string[] {
  if (PLAIN_WORD.test(token)) return forms(token.toLowerCase())
  if (IS_PAIRED.test(token)) return pairs(token)
  if (IS_SEGMENTED.test(token)) return Array.from(SEGMENTER.segment(token), ({ segment }) => segment)
  if (token.includes("'") && !NUMBER.test(token)) return apostrophised(token, forms)
  const pieces = token.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const parts = pieces
    .flatMap(partsOf)
    .flatMap(readings)
    .flatMap((part) => termsOfPart(part, forms))
  return pieces.length === 1 && pieces[0] === token && partsOf(token).length === 1
    ? parts
    : [...parts, ...termsOfPart(whole(token, pieces), forms)]
}

/** One letter beside an apostrophe is an ending or an article, but the beginning of names such as `O'Neill`. */
function apostrophised(token: string, forms: WordForms): string[] {
  const words = token.split("'")
  const names = /^(?:[oO]'|\p{Lu}'\p{Lu})/u.test(token) ? [words.join('').toLowerCase()] : []
  return [...words.filter(({ length }) => length > 1), ...names].flatMap((word) => termsOf(word, forms))
}

function pairs(token: string): string[] {
  const characters = [...token]
  return characters.length === 1 ? characters : characters.slice(1).map((next, i) => `${characters[i]}${next}`)
}

/** Those of a token that is one are among its terms. */
const singles = (token: string): readonly string[] =>
  IS_PAIRED.test(token) && token.length > 1 ? (token.match(/[\p{sc=Han}\p{sc=Hang}]/gu) ?? []) : []

function partsOf(piece: string): string[] {
  const parts = piece.match(PARTS) ?? []
  return parts.length <= MOST_PARTS || piece.length >= SHORTEST_MEAN * parts.length ? parts : [piece]
}

/** `OAuth` is a word, and `HTTPResponse` are two. */
function readings(part: string): string[] {
  const [, acronym, word] = ACRONYM_AND_WORD.exec(part) ?? []
  return acronym && word ? [acronym, word, part] : [part]
}

const termsOfPart = (part: string, forms: WordForms): readonly string[] =>
  /^[\p{L}\p{M}]+$/u.test(part) ? forms(part.toLowerCase()) : [foldAccents(part.toLowerCase())]

const NUMBER = /^[\p{N}.,']+$/u
/** With what sets off thousands, in India also hundreds of them; decimals behind them, or behind nothing. */
const GROUPED = /^(\p{N}{1,3}(?:([.,'])\p{N}{3}(?:\2\p{N}{3})*|(?:,\p{N}{2})+,\p{N}{3}))(?:[.,](\p{N}+))?$/u
const DECIMAL = /^(\p{N}+)[.,](\p{N}+)$/u

/** Without hyphens, and without the dots of abbreviations; of a version without its `v`. */
function whole(token: string, pieces: readonly string[]): string {
  if (NUMBER.test(token)) return wholeNumber(token)
  const joined = token.replaceAll('-', '').replace(/^v(?=\p{N}+\.)/iu, '')
  return pieces.every(({ length }) => length === 1) ? joined.replaceAll('.', '') : joined
}

/** Decimals have a point, and thousands nothing; addresses and versions, of several points, are as they are. */
function wholeNumber(token: string): string {
  const [, grouped, , decimals] = GROUPED.exec(token) ?? []
  const integer = grouped?.replace(/\P{N}/gu, '')
  if (integer !== undefined) return decimals === undefined ? integer : `${integer}.${decimals}`
  return token.replace(DECIMAL, '$1.$2')
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
