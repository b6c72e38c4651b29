import { log } from '@temporalio/activity'
import { Failure } from '../../domain/failure.ts'
import { derivedFolder, vectorNamespace } from '../../domain/keys.ts'
import type { CallOptions, VectorMatch } from '../../domain/ports.ts'
import type { BuildRef, BuiltFile } from '../../domain/reindex.ts'
import { readManifest, readPart } from '../derived-embeddings.ts'
import { earlierAttempt } from '../earlier-attempt.ts'
import { heartbeating } from '../heartbeating.ts'
import type { Ports } from '../ports.ts'

type Uses = Pick<Ports, 'builds' | 'objects' | 'vectors'>

type Wanted = BuildRef & {
  /** No vector more than there ought to be, which holds of a namespace that only the build has written. */
  readonly exactly: boolean
  /** Also where the count is wrong the files are looked for one by one: those that are missing are to be stored again. */
  readonly isLast: boolean
}

export type Verdict = {
  readonly isComplete: boolean
  /** Vectors that there ought to be, and that the store counts. */
  readonly expected: number
  readonly found: number
  /** Files are being removed, by which the store may have more or fewer for a while. */
  readonly areFilesGoing: boolean
  /** Files of which the store shows no vector; the first of them. */
  readonly missingFiles: readonly string[]
  /** Sample searches, and those that did not find what they must. */
  readonly searches: number
  readonly wrongSearches: number
}

const PAGE = 200
const AT_ONCE = 8
const SAMPLES = 24
const MISSING_TOLD = 1_000
/** Chunks with the same words may be equally near; vectors of a service lose a little on their way. */
const EQUALLY_NEAR = 1e-3
const NEAREST = 20

/**
 * Asks the vector store whether the generation that does not serve is all there: as many vectors as chunks were written, some of each
 * file, and chunks that are picked by chance are found by their own vectors.
 */
export const verifyBuild =
  (ports: Uses) =>
  async ({ exactly, isLast, ...build }: Wanted): Promise<Verdict> => {
    const other = await ports.builds.other(build)
    if (!other) throw new Failure('CANCELLED', build)
    const namespace = vectorNamespace(build.expertId, other.generation)
    const { chunks: expected, areFilesGoing } = other
    return heartbeating(async (options, beat) => {
      const found = await ports.vectors.count(namespace, options)
      const isCounted = exactly ? found === expected : found >= expected
      const isAsked = isCounted || (isLast && !areFilesGoing)
      const missingFiles = isAsked ? await missingFrom(ports, build, namespace, options, beat) : []
      const samples = isAsked ? await ports.builds.sample(build, SAMPLES) : []
      const wrong = await Promise.all(samples.map((file) => isLost(ports, namespace, file, options)))
      const [searches, wrongSearches] = [samples.length, wrong.filter(Boolean).length]
      const isComplete = isCounted && missingFiles.length === 0 && wrongSearches === 0
      log.info('🔎 Verified a generation', { namespace, isComplete, found, expected, wrongSearches })
      return { isComplete, expected, found, areFilesGoing, missingFiles, searches, wrongSearches }
    })
  }

/** Goes on where an attempt that died has stopped. */
async function missingFrom(
  { builds, vectors }: Uses,
  build: BuildRef,
  namespace: string,
  options: CallOptions,
  beat: (details: object) => void,
): Promise<string[]> {
  const { after: begin = '', missing = [] } = earlierAttempt<{ after: string; missing: string[] }>()
  for (let after = begin; missing.length < MISSING_TOLD; ) {
    const files = await builds.built(build, after, PAGE)
    const last = files.at(-1)
    if (!last) break
    for (let i = 0; i < files.length; i += AT_ONCE)
      await Promise.all(
        files.slice(i, i + AT_ONCE).map(async ({ fileId, chunks }) => {
          if (chunks > 0 && !(await vectors.hasFile(namespace, fileId, options))) missing.push(fileId)
        }),
      )
    after = last.fileId
    beat({ after, missing })
  }
  return missing
}

/** Whether a chunk of the file, looked for by its vector among those of its file, is not where it must be: in the first place. */
async function isLost({ objects, vectors }: Uses, namespace: string, file: BuiltFile, options: CallOptions) {
  const chunk = await anyChunk(objects, file, options)
  if (!chunk) return false
  const query = { topK: NEAREST, fileIds: [file.fileId] }
  const matches = await vectors.query(namespace, chunk.vector, query, options)
  return !isFirst(matches, chunk.index)
}

/** Among so many that are equally near, as of a page that all documents have, it may be just behind those that are shown. */
function isFirst(matches: readonly VectorMatch[], index: number): boolean {
  const best = matches[0]?.score ?? 0
  const areAllEqual = matches.length === NEAREST && best - (matches.at(-1)?.score ?? 0) < EQUALLY_NEAR
  return areAllEqual || matches.some(({ chunk, score }) => chunk.index === index && best - score < EQUALLY_NEAR)
}

/** Undefined where what was derived is gone by now, as by a rule of the bucket: then there is nothing to compare with. */
async function anyChunk(objects: Ports['objects'], { sha256, recipe }: BuiltFile, options: CallOptions) {
  const prefix = `${derivedFolder(sha256)}${recipe}`
  const manifest = await readManifest(objects, prefix, options)
  if (!manifest || manifest.parts === 0) return undefined
  const chunks = await readPart(objects, prefix, Math.floor(Math.random() * manifest.parts), options)
  return chunks[Math.floor(Math.random() * chunks.length)]
}
