import { LanceDbVectorStore } from '../adapters/lancedb-vector-store.ts'
import { searchTerms } from '../adapters/search-terms.ts'
import type { SearchMode } from '../api/expert-search.ts'
import { searchExpert } from '../api/expert-search.ts'
import { findCandidates } from '../api/find-candidates.ts'
import type { Expert } from '../domain/expert.ts'
import { chunkId, vectorNamespace } from '../domain/keys.ts'
import { lookForWords } from '../domain/keyword-scores.ts'
import type { Candidate, Embedder, ExpertStore, KeywordQuery, VectorStore } from '../domain/ports.ts'
import type { UsageStore } from '../domain/usage.ts'
import { soleEmbedder } from '../test/support/sole-embedder.ts'
import type { Passage } from './splitters.ts'

const AT_ONCE = 1_000
/** As the API asks for, and more than any measure looks at. */
const TOP_K = 100

export type Rated = Pick<Candidate, 'score' | 'keywordScore' | 'coverage'> & { readonly passage: Passage }

/** Collections as experts, searched by the product's own function. Only the database, which knows names of files, is left out. */
export class SearchBench {
  readonly #dir: string
  #vectors: VectorStore
  readonly #embedder: Embedder
  readonly #passages = new Map<string, Passage>()
  #count = 0

  constructor(dir: string, embedder: Embedder) {
    this.#dir = dir
    this.#embedder = embedder
    this.#vectors = new LanceDbVectorStore({ dir })
  }

  async store(collection: number, passages: readonly Passage[]): Promise<void> {
    const namespace = vectorNamespace(expertOf(collection, this.#embedder).id, 1)
    for (let start = 0; start < passages.length; start += AT_ONCE) {
      const some = passages.slice(start, start + AT_ONCE)
      const vectors = await this.#embed(some.map(({ text }) => text))
      await this.#vectors.upsert(
        namespace,
        some.map((passage, i) => this.#record(passage, vectors[i] ?? new Float32Array())),
      )
    }
  }

  /** So that the index of words has all that was written: a store that closes sees to that. */
  async settle(): Promise<void> {
    await this.close()
    this.#vectors = new LanceDbVectorStore({ dir: this.#dir })
  }

  /** `isKeywordPass`: as where the store has no index of words. */
  async search(collection: number, query: string, mode: SearchMode, isKeywordPass = false): Promise<Passage[]> {
    const expert = expertOf(collection, this.#embedder)
    const found = await searchExpert(this.#ports(isKeywordPass), expert, { query, mode, topK: TOP_K })
    return found.flatMap(({ fileId, chunk }) => this.#passages.get(`${fileId} ${chunk.startOffset}`) ?? [])
  }

  /** What hybrid search would fuse. */
  async candidates(collection: number, query: string, isKeywordPass = false): Promise<Rated[]> {
    const expert = expertOf(collection, this.#embedder)
    const { candidates } = await findCandidates(this.#ports(isKeywordPass), expert, { query, topK: TOP_K }, {})
    return candidates.flatMap(({ fileId, chunk, score, keywordScore, coverage }) => {
      const passage = this.#passages.get(`${fileId} ${chunk.startOffset}`)
      return passage ? [{ passage, score, keywordScore, coverage }] : []
    })
  }

  close(): Promise<void> {
    return this.#vectors.close()
  }

  #ports(isKeywordPass: boolean) {
    const vectors = isKeywordPass ? withoutWords(this.#vectors) : this.#vectors
    const embedders = soleEmbedder(this.#embedder)
    return { experts: EVERY_FILE, usage: NOT_COUNTED, embedders, vectors, publicUrl: '' }
  }

  async #embed(texts: readonly string[]): Promise<Float32Array[]> {
    const vectors: Float32Array[] = []
    const { inputs } = this.#embedder.limits
    for (let start = 0; start < texts.length; start += inputs)
      vectors.push(...(await this.#embedder.embed(texts.slice(start, start + inputs))))
    return vectors
  }

  #record(passage: Passage, vector: Float32Array) {
    const index = this.#count++
    const { file, text, tokens, start, end, pageStart = 1, pageEnd = 1, headingPath = [] } = passage
    this.#passages.set(`${file} ${start}`, passage)
    const where = { pageStart, pageEnd, headingPath, startOffset: start, endOffset: end }
    return { id: chunkId(file, index), fileId: file, chunk: { index, text, tokens, ...where }, vector }
  }
}

const expertOf = (collection: number, { model, dimensions }: Embedder) =>
  ({
    ...{ id: `collection-${collection}`, userId: 'bench', generation: 1 },
    ...{ embeddingModel: model, embeddingDimensions: dimensions },
  }) as Expert

const NOT_COUNTED = { countSearch: async () => undefined } as Partial<UsageStore> as UsageStore
const EVERY_FILE = {
  indexedFiles: async (_user: string, _expert: string, { fileIds }: { readonly fileIds: readonly string[] }) =>
    new Map(fileIds.map((id) => [id, { name: id, documentType: 'text' }])),
} as Partial<ExpertStore> as ExpertStore

const withoutWords = (vectors: VectorStore) =>
  ({
    candidates: async (namespace: string, vector: Float32Array, query: KeywordQuery) =>
      lookForWords(await vectors.query(namespace, vector, query), query, searchTerms),
  }) as Partial<VectorStore> as VectorStore
