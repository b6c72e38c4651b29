import { log } from '@temporalio/activity'
import type { Chunk } from '../domain/chunk.ts'
import type { ChunkSizes } from '../domain/chunking.ts'
import { chunkerVersion, chunkPages } from '../domain/chunking.ts'
import { Failure } from '../domain/failure.ts'
import { fitChunking } from '../domain/fit-chunking.ts'
import { embeddingsPrefix, extractorVersionIn } from '../domain/keys.ts'
import type { CallOptions, Embedder, ExpertFacts, FileRuns } from '../domain/ports.ts'
import type { TokenHold } from '../domain/usage.ts'
import { beginStage } from './begin-stage.ts'
import type { EmbeddingsManifest } from './derived-embeddings.ts'
import { hasPart, readManifest, writeManifest, writePart } from './derived-embeddings.ts'
import { readPages } from './derived-text.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import type { EmbeddedFile, ExtractedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import { persistently } from './persistently.ts'
import type { Ports } from './ports.ts'
import { timed } from './timed.ts'
import { withLease } from './with-lease.ts'

type Uses = { readonly runs: FileRuns } & Pick<Ports, 'objects' | 'leases' | 'embedders' | 'chunking' | 'budget'>
type Embedded = EmbeddingsManifest & { readonly tokensReused: number }
/** What is heartbeated: the parts that are safely stored, and where. */
type Progress = Pick<Embedded, 'parts' | 'tokensReused'> & { readonly prefix: string }

type Recipe = { readonly embedder: Embedder; readonly chunking: ChunkSizes }
type Work = Recipe & { readonly textKey: string; readonly prefix: string; readonly expert: ExpertFacts }

/** A part is the unit of resuming: what was embedded is kept part by part, and a part that is there is never paid for again. */
const CHUNKS_PER_PART = 256

/**
 * Cuts the text into chunks and embeds them, part by part. The same text by the same recipe is embedded once, whoever needs
 * it: whoever comes while another works on it waits, and uses what that one made.
 */
export const embedChunks =
  (ports: Uses) =>
  async ({ sha256, textKey, ...file }: ExtractedFile): Promise<EmbeddedFile> => {
    const { expert } = await beginStage(ports.runs, file, 'embed')
    const recipe = recipeOf(ports, expert)
    const prefix = prefixOf(recipe, sha256, textKey)
    const [embedded, seconds] = await timed(() =>
      heartbeating(async (options, beat) => {
        const manifest = await readManifest(ports.objects, prefix, options)
        if (manifest) return { ...manifest, tokensReused: manifest.tokens }
        log.info('🧠 Generating embeddings', { fileId: file.fileId, model: recipe.embedder.model })
        const work = { ...recipe, textKey, prefix, expert }
        return withLease(ports.leases, prefix, options, () => embedParts(ports, work, options, beat))
      }),
    )
    return { ...file, generation: expert.generation, prefix, ...embedded, seconds: { ...file.seconds, embed: seconds } }
  }

/** Vectors of two models can't be compared, so an expert keeps to the one that it was made with. @throws Failure EMBEDDING_MODEL_MISMATCH */
function recipeOf({ embedders, chunking }: Uses, expert: ExpertFacts): Recipe {
  const embedder = embedders.of(expert)
  return { embedder, chunking: fitChunking(expert.chunking ?? chunking, embedder.limits) }
}

/** The text may be another worker's, with another version of the extractor. */
const prefixOf = ({ embedder, chunking }: Recipe, sha256: string, textKey: string) =>
  embeddingsPrefix(sha256, {
    extractorVersion: extractorVersionIn(textKey),
    chunkerVersion: chunkerVersion(chunking),
    model: embedder.model,
    dimensions: embedder.dimensions,
  })

async function embedParts(
  ports: Uses,
  { embedder, chunking, textKey, prefix, expert }: Work,
  options: CallOptions,
  beat: (progress: Progress) => void,
): Promise<Embedded> {
  const { objects } = ports
  const pages = await readPages(objects, textKey, options)
  const done = doneBefore(prefix)
  // Parts of an earlier attempt were paid for by this file, so they are not counted as reused.
  const totals = { parts: 0, chunks: 0, tokens: 0, tokensReused: done.tokensReused }
  for (const chunks of inParts(
    chunkPages(pages, { ...chunking, countTokens: (text) => embedder.countTokens(text) }),
    embedder.limits,
  )) {
    const tokens = chunks.reduce((sum, chunk) => sum + chunk.tokens, 0)
    if (totals.parts >= done.parts) {
      // Not after the last one: a small file is done then, and each heartbeat costs Temporal a write.
      if (totals.parts > done.parts) beat({ prefix, parts: totals.parts, tokensReused: totals.tokensReused })
      if (await hasPart(objects, prefix, totals.parts, options)) totals.tokensReused += tokens
      else {
        const hold = { name: `${prefix}/${totals.parts}`, userId: expert.userId, tokens }
        const embedded = await paying(ports, expert, hold, () => embed(embedder, chunks, options))
        await writePart(objects, prefix, totals.parts, embedded, options)
      }
    }
    totals.parts += 1
    totals.chunks += chunks.length
    totals.tokens += tokens
  }
  const { tokensReused, ...manifest } = totals
  await writeManifest(objects, prefix, manifest, options)
  return { ...manifest, tokensReused }
}

/** An earlier attempt by another recipe, of a worker that was replaced since, has done nothing of this one. */
function doneBefore(prefix: string): Pick<Progress, 'parts' | 'tokensReused'> {
  const earlier = earlierAttempt<Progress>()
  const { parts = 0, tokensReused = 0 } = earlier.prefix === prefix ? earlier : {}
  return { parts, tokensReused }
}

/**
 * Counts what is paid for as soon as it is: a worker that dies before the part is kept has it paid, and counted, again.
 * @throws Failure TOKEN_QUOTA_EXHAUSTED
 */
async function paying<T>({ budget }: Uses, expert: ExpertFacts, hold: TokenHold, work: () => Promise<T>): Promise<T> {
  await budget.hold(hold)
  try {
    const result = await work()
    await persistently(() => budget.settle(hold, { expertId: expert.id, model: expert.embeddingModel }))
    return result
  } catch (error) {
    await budget.release(hold).catch(() => undefined)
    throw error
  }
}

async function embed(embedder: Embedder, chunks: readonly Chunk[], options: CallOptions) {
  const vectors = await embedder.embed(
    chunks.map(({ text }) => text),
    { ...options, tokens: chunks.map(({ tokens }) => tokens) },
  )
  return chunks.map((chunk, i) => {
    const vector = vectors[i]
    if (!vector)
      throw new Failure('EMBEDDING_UNAVAILABLE', { model: embedder.model }, { detail: 'a vector is missing' })
    return { ...chunk, vector }
  })
}

/** Parts that one call of the embedder may hold; the same chunks always give the same parts. */
function* inParts(chunks: Iterable<Chunk>, { inputs, tokensPerCall }: Embedder['limits']): Generator<Chunk[]> {
  const most = Math.min(inputs, CHUNKS_PER_PART)
  let part: Chunk[] = []
  let tokens = 0
  for (const chunk of chunks) {
    if (part.length === most || (part.length > 0 && tokens + chunk.tokens > tokensPerCall)) {
      yield part
      part = []
      tokens = 0
    }
    part.push(chunk)
    tokens += chunk.tokens
  }
  if (part.length > 0) yield part
}
