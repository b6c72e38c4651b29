import type { Chunk } from './chunk.ts'
import { inBatches } from './in-batches.ts'
import type { Candidate, KeywordQuery, VectorMatch } from './ports.ts'

/** How soon more of the same word says no more, and how much the length of a text counts; the values that LanceDB has. */
const [K1, B] = [1.2, 0.75]

/** Texts, a few milliseconds of work, after which others have their turn: this runs in a server. */
const ANALYSED_AT_ONCE = 4

export type AskedWords = readonly (readonly string[])[]

export type SearchTerms = {
  /** What a text is found by, as often as it has them. */
  readonly ofText: (text: string) => readonly string[]
  /** What is looked for, each once: words, by any of their terms. */
  readonly ofQuestion: (question: string) => AskedWords
}

/** What a chunk is found by: what it says, and the titles that it stands under. */
export const wordedText = ({ headingPath, text }: Pick<Chunk, 'headingPath' | 'text'>) =>
  [...headingPath, text].join('\n')

/** The keyword pass, for a store that has no index of words: what is nearest anyway is looked through. */
export async function lookForWords(
  near: readonly VectorMatch[],
  { text, withNearest }: Pick<KeywordQuery, 'text' | 'withNearest'>,
  terms: SearchTerms,
): Promise<Candidate[]> {
  const texts = await counted(near, terms)
  const words = terms.ofQuestion(text)
  const scores = keywordScores(termsOf(words), texts)
  const candidates = near.map((match, i) => ({
    ...match,
    ...{ keywordScore: scores[i] || null, coverage: coverageOf(words, texts[i]?.of ?? new Map()) },
  }))
  return withNearest ? candidates : candidates.filter(({ keywordScore }) => keywordScore !== null)
}

const othersTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Each once. */
export const termsOf = (words: AskedWords): string[] => [...new Set(words.flat())]

/** As `Candidate` has it. */
export function coverageOf(words: AskedWords, text: Pick<ReadonlySet<string>, 'has'>): number {
  const isThere = (terms: readonly string[]) => terms.some((term) => text.has(term))
  return words.length > 1 ? words.filter(isThere).length / words.length : 0
}

type Counts = { readonly of: ReadonlyMap<string, number>; readonly length: number }

async function counted(matches: readonly VectorMatch[], { ofText }: SearchTerms): Promise<Counts[]> {
  const counts: Counts[] = []
  for (const some of inBatches(matches, ANALYSED_AT_ONCE)) {
    counts.push(...some.map(({ chunk }) => countsOf(ofText(wordedText(chunk)))))
    await othersTurn()
  }
  return counts
}

/**
 * Okapi BM25 (Robertson and Zaragoza, «The Probabilistic Relevance Framework: BM25 and Beyond», 2009) of each text for the words
 * of the question; 0 where a text has none of them. How rare a word is, is told by these texts alone.
 */
function keywordScores(wanted: readonly string[], texts: readonly Counts[]): number[] {
  const average = total(texts.map(({ length }) => length)) / texts.length
  const rarities = wanted.map((term) => rarity(texts.filter(({ of }) => of.has(term)).length, texts.length))
  return texts.map(({ of, length }) => {
    const damping = K1 * (1 - B + (B * length) / (average || 1))
    return total(wanted.map((term, i) => (rarities[i] ?? 0) * saturated(of.get(term) ?? 0, damping)))
  })
}

const saturated = (count: number, damping: number) => (count * (K1 + 1)) / (count + damping)

const rarity = (having: number, all: number) => Math.log(1 + (all - having + 0.5) / (having + 0.5))

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

function countsOf(found: readonly string[]): Counts {
  const of = new Map<string, number>()
  for (const term of found) of.set(term, (of.get(term) ?? 0) + 1)
  return { of, length: found.length }
}
