import type { Chunk } from '../domain/chunk.ts'
import type { Expert } from '../domain/expert.ts'
import { fuseRankings, KEYWORD_WEIGHT } from '../domain/fuse-rankings.ts'
import { vectorNamespace } from '../domain/keys.ts'
import type {
  Candidate,
  Embedder,
  ExpertStore,
  FileFilter,
  FileInExpert,
  VectorFilter,
  VectorStore,
} from '../domain/ports.ts'
import type { UsageStore } from '../domain/usage.ts'
import { Problem } from './problem.ts'

export type SearchPorts = {
  readonly experts: ExpertStore
  readonly embedder: Embedder
  readonly vectors: VectorStore
  readonly usage: UsageStore
  readonly publicUrl: string
}

export const SEARCH_MODES = ['hybrid', 'dense', 'keyword'] as const
export type SearchMode = (typeof SEARCH_MODES)[number]

export type SearchRequest = {
  readonly query: string
  readonly topK: number
  /** `hybrid` where it is not given. */
  readonly mode?: SearchMode | undefined
  /** The least cosine similarity, whatever the mode. */
  readonly minScore?: number | undefined
  readonly filter?: (FileFilter & Pick<VectorFilter, 'pages'>) | undefined
}

/** A chunk that was found, with all that is needed to cite it. */
export type Passage = {
  readonly fileId: string
  readonly fileName: string
  /** Of the original at this page. */
  readonly url: string
  readonly chunk: Chunk
  /** What the passages are in order of: `hybrid` from 0 to 1, within one answer; `dense` the cosine similarity; `keyword` BM25. */
  readonly score: number
  /** Cosine similarity, from -1 to 1. */
  readonly denseScore: number
  /** BM25; null where nothing of the query was looked for by words, or found. */
  readonly keywordScore: number | null
}

type Scored = Candidate & { readonly fusedScore: number }

/** So many of each ranking are fused: what is worth fusing is among them, and there is more to take the place of what was removed. */
const DEPTH = 200

/**
 * The passages of an expert's indexed files that answer the query best, best first. The expert is the caller's, and found already.
 * @throws Problem EMBEDDING_MODEL_MISMATCH; Failure of the embedder and of the vector store
 */
export async function searchExpert(ports: SearchPorts, expert: Expert, request: SearchRequest): Promise<Passage[]> {
  checkModel(expert, ports.embedder)
  const { minScore = -1, topK } = request
  const candidates = await findCandidates(ports, expert, request)
  const fileIds = [...new Set(candidates.map(({ fileId }) => fileId))]
  const files = await ports.experts.indexedFiles(expert.userId, expert.id, fileIds)
  // Those of a file that is not indexed (any more) are about to be removed, and must not weigh on the others either.
  const found = candidates.filter(({ fileId }) => files.has(fileId))
  return rank(found, request.mode, ports.embedder)
    .filter(({ score }) => score >= minScore)
    .slice(0, topK)
    .flatMap((scored) => cite(scored, files.get(scored.fileId), ports.publicUrl))
}

async function findCandidates(
  { experts, embedder, vectors, usage }: SearchPorts,
  expert: Expert,
  { query, topK, mode = 'hybrid', filter: { pages, ...files } = {} }: SearchRequest,
): Promise<Candidate[]> {
  const fileIds = await filesToSearch(experts, expert, files)
  if (fileIds?.length === 0) return []
  const [vector] = await embedder.embed([query])
  if (!vector) throw new Error('the embedder returned no vector')
  await usage.countSearch(expert.userId, embedder.model, embedder.countTokens(query))
  const namespace = vectorNamespace(expert.id, expert.generation)
  if (mode !== 'dense')
    return vectors.candidates(namespace, vector, {
      ...{ text: query, withNearest: mode === 'hybrid' },
      ...{ topK: DEPTH, fileIds, pages },
    })
  const matches = await vectors.query(namespace, vector, { topK, fileIds, pages })
  return matches.map((match) => ({ ...match, keywordScore: null }))
}

/** What a file is stands in the database only, so that vectors that were stored before anybody asked for it are found too. */
async function filesToSearch(experts: ExpertStore, { userId, id }: Expert, files: FileFilter) {
  const isAboutFiles = files.documentTypes !== undefined || files.languages !== undefined
  return isAboutFiles ? experts.indexedFileIds(userId, id, files) : files.fileIds
}

function rank(found: readonly Candidate[], mode: SearchMode = 'hybrid', { isSemantic }: Embedder): Scored[] {
  if (mode === 'hybrid') return fuseRankings(found, isSemantic ? KEYWORD_WEIGHT.semantic : KEYWORD_WEIGHT.lexical)
  return found
    .map((each) => ({ ...each, fusedScore: mode === 'dense' ? each.score : (each.keywordScore ?? 0) }))
    .sort((a, b) => b.fusedScore - a.fusedScore)
}

function cite(
  { fileId, chunk, score, keywordScore, fusedScore }: Scored,
  file: FileInExpert | undefined,
  publicUrl: string,
): Passage[] {
  if (!file) return []
  const content = `${publicUrl}/knowledge-base/files/${fileId}/content`
  const url = file.documentType === 'pdf' ? `${content}#page=${chunk.pageStart}` : content
  return [{ fileId, fileName: file.name, url, chunk, score: fusedScore, denseScore: score, keywordScore }]
}

function checkModel({ embeddingModel, embeddingDimensions }: Expert, { model, dimensions }: Embedder): void {
  if (embeddingModel === model && embeddingDimensions === dimensions) return
  throw new Problem('EMBEDDING_MODEL_MISMATCH', {
    detail: `The expert: ${embeddingModel} (${embeddingDimensions}); configured: ${model} (${dimensions}).`,
  })
}
