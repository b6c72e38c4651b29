const WORDS = new Intl.Segmenter('und', { granularity: 'word' })

/**
 * The words of a text in lower case and compatibility form, where Unicode has them (UAX #29; by dictionaries in scripts without
 * spaces). Plain ASCII is split by an expression, ten times as fast as the segmenter.
 */
export function* words(text: string): Generator<string> {
  const plain = text.normalize('NFKC').toLowerCase()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is that of ASCII
  if (/^[\x00-\x7f]*$/.test(plain)) yield* plain.match(/[a-z0-9]+/g) ?? []
  else for (const { segment, isWordLike } of WORDS.segment(plain)) if (isWordLike) yield segment
}
