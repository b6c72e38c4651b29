import type { Chunk } from '../domain/chunk.ts'
import type { Embedders } from '../domain/embedders.ts'
import { fuseRankings, KEYWORD_WEIGHT } from '../domain/fuse-rankings.ts'
import type {
  CallOptions,
  Candidate,
  Embedder,
  ExpertStore,
  ExpertToSearch,
  FileFilter,
  FileInExpert,
  VectorFilter,
  VectorStore,
} from '../domain/ports.ts'
import type { UsageStore } from '../domain/usage.ts'
import { contentUrl } from './content-url.ts'
import { findCandidates } from './find-candidates.ts'

export type SearchPorts = {
  readonly experts: ExpertStore
  readonly embedders: Embedders
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

/**
 * The passages of an expert's indexed files that answer the query best, best first. The expert is the caller's, and found already.
 * @throws Failure EMBEDDING_MODEL_MISMATCH, and those of the embedder and of the vector store
 */
export async function searchExpert(
  ports: SearchPorts,
  expert: ExpertToSearch,
  request: SearchRequest,
  options: CallOptions = {},
): Promise<Passage[]> {
  const embedder = ports.embedders.of(expert)
  const { minScore = -1, topK } = request
  const { candidates, files } = await findCandidates(ports, expert, request, options)
  return rank(candidates, request.mode, embedder)
    .filter(({ score }) => score >= minScore)
    .slice(0, topK)
    .flatMap((scored) => cite(scored, files.get(scored.fileId), ports.publicUrl))
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
  const content = contentUrl(publicUrl, fileId)
  const url = file.documentType === 'pdf' ? `${content}#page=${chunk.pageStart}` : content
  return [{ fileId, fileName: file.name, url, chunk, score: fusedScore, denseScore: score, keywordScore }]
}
