import { bm25Search } from './rankings.ts'
import type { Document } from './retrieval-set.ts'
import type { Passage } from './splitters.ts'

const [LENGTH, OVERLAP] = [1_000, 200]

/** As the corpus' evaluate.py does it without --run: BM25 over windows of 1,000 characters. */
export function baseline(documents: readonly Document[]): (query: string) => Passage[] {
  return bm25Search(documents.flatMap((document) => [...windows(document)]))
}

function* windows({ file, text }: Document): Generator<Passage> {
  for (let start = 0; start < Math.max(1, text.length); start += LENGTH - OVERLAP) {
    const end = Math.min(text.length, start + LENGTH)
    yield { file, start, end, text: text.slice(start, end), tokens: 0 }
    if (start + LENGTH >= text.length) return
  }
}
