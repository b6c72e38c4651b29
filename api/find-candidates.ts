import { cutToTokens } from '../domain/cut-to-tokens.ts'
import { vectorNamespace } from '../domain/keys.ts'
import type {
  CallOptions,
  Candidate,
  ExpertStore,
  ExpertToSearch,
  FileFilter,
  FileInExpert,
  KeywordQuery,
  VectorStore,
} from '../domain/ports.ts'
import type { SearchPorts, SearchRequest } from './expert-search.ts'

type Found = {
  readonly candidates: readonly Candidate[]
  /** Those that the candidates are of. */
  readonly files: ReadonlyMap<string, FileInExpert>
}

/** So many of each ranking are fused: what is worth fusing is among them, and there is more to take the place of what was removed. */
const DEPTH = 200
/** How much is asked for without a filter, of which the database picks; Pinecone answers with 4 MB at the most. */
const DEPTHS_UNFILTERED = [500, 2_000]
/** Vector stores read filters of so many ids in some hundred milliseconds. */
const FEW_IDS = 5_000
/** These take a second or more: worth it only where nothing else finds enough. */
const MANY_IDS = 20_000

/** What is to be ranked, of files that are indexed and that the filter lets pass. */
export async function findCandidates(
  ports: SearchPorts,
  expert: ExpertToSearch,
  { query, topK, mode = 'hybrid', filter: { pages, ...filter } = {} }: SearchRequest,
  options: CallOptions,
): Promise<Found> {
  const fileIds = await filesToSearch(ports.experts, expert, filter)
  if (fileIds?.length === 0) return { candidates: [], files: new Map() }
  const vector = await embedded(ports, expert, query, options)
  const ask = (depth: number, among?: readonly string[]) => {
    const wanted = { topK: depth, fileIds: among, pages, text: query, withNearest: mode === 'hybrid' }
    const namespace = vectorNamespace(expert.id, expert.generation)
    return mode === 'dense'
      ? nearest(ports.vectors, namespace, vector, wanted, options)
      : ports.vectors.candidates(namespace, vector, wanted, options)
  }
  const pick = (candidates: readonly Candidate[]) => ofIndexedFiles(ports.experts, expert, filter, candidates)
  if (fileIds && fileIds.length > FEW_IDS)
    for (const depth of DEPTHS_UNFILTERED) {
      const all = await ask(depth)
      const found = await pick(all)
      const isAll = mode !== 'keyword' && all.length < depth
      if (found.candidates.length >= topK || isAll) return found
      if (depth === DEPTHS_UNFILTERED.at(-1) && fileIds.length > MANY_IDS) return found
    }
  return pick(await ask(mode === 'dense' ? topK : DEPTH, fileIds))
}

async function nearest(
  vectors: VectorStore,
  namespace: string,
  vector: Float32Array,
  { topK, fileIds, pages }: KeywordQuery,
  options: CallOptions,
): Promise<Candidate[]> {
  const matches = await vectors.query(namespace, vector, { topK, fileIds, pages }, options)
  return matches.map((match) => ({ ...match, keywordScore: null, coverage: 0 }))
}

/** Those of a file that is not indexed (any more) are about to be removed, and must not weigh on the others either. */
async function ofIndexedFiles(
  experts: ExpertStore,
  { userId, id }: ExpertToSearch,
  filter: FileFilter,
  all: readonly Candidate[],
): Promise<Found> {
  const fileIds = [...new Set(all.map(({ fileId }) => fileId))]
  const files = await experts.indexedFiles(userId, id, { ...filter, fileIds })
  return { candidates: all.filter(({ fileId }) => files.has(fileId)), files }
}

/**
 * What a file is stands in the database only, so that vectors that were stored before anybody asked for it are found too.
 * @returns undefined for all files; where more than `MANY_IDS` are asked for, one more than these
 */
async function filesToSearch(experts: ExpertStore, { userId, id }: ExpertToSearch, files: FileFilter) {
  const isAboutFiles = files.documentTypes !== undefined || files.languages !== undefined
  return isAboutFiles ? experts.indexedFileIds(userId, id, files, MANY_IDS + 1) : files.fileIds
}

/** @returns one vector; of the beginning of a query that is longer than what the model takes */
async function embedded(
  { embedders, usage }: SearchPorts,
  expert: ExpertToSearch,
  query: string,
  { signal }: CallOptions,
): Promise<Float32Array> {
  const embedder = embedders.of(expert)
  const countTokens = (text: string) => embedder.countTokens(text)
  const text = cutToTokens(query, { maxTokens: embedder.limits.tokensPerInput, countTokens })
  const [vector] = await embedder.embed([text], { signal })
  if (!vector) throw new Error('the embedder returned no vector')
  await usage.countSearch(expert.userId, embedder.model, countTokens(text))
  return vector
}
