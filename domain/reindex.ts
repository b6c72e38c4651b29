import type { ChunkSizes } from './chunking.ts'
import type { EmbeddingProvider } from './embedders.ts'
import type { Expert, FailedFile } from './expert.ts'
import type { FileFailure } from './ports.ts'

/** How a generation of an expert's vectors is made. */
export type Making = {
  readonly provider: EmbeddingProvider
  readonly model: string
  readonly dimensions: number
  /** Why this model, as a person reads it; null where nobody said so. */
  readonly reason: string | null
  /** Null: as configured. */
  readonly chunking: ChunkSizes | null
}

export const makingOf = (expert: Expert): Making => ({
  provider: expert.embeddingProvider,
  model: expert.embeddingModel,
  dimensions: expert.embeddingDimensions,
  reason: expert.embeddingReason,
  chunking: expert.chunking,
})

const OPEN = ['building', 'paused', 'verifying', 'switched', 'rolling_back', 'cleaning'] as const
const CLOSED = ['done', 'rolled_back', 'cancelled'] as const
export const REINDEX_STATUSES = [...OPEN, ...CLOSED] as const
/**
 * `switched`: the new generation serves, the old one is kept. `paused` after a switch: while it is rolled back. `done`: the new one is all there
 * is; `rolled_back`, `cancelled`: the old one is.
 */
export type ReindexStatus = (typeof REINDEX_STATUSES)[number]
export type ClosedStatus = (typeof CLOSED)[number]

export const isClosed = (status: ReindexStatus): status is ClosedStatus =>
  (CLOSED as readonly ReindexStatus[]).includes(status)
export const isOpen = (status: ReindexStatus): boolean => !isClosed(status)

/** Of the files that are indexed in what serves. */
export type ReindexProgress = {
  readonly files: number
  /** Complete in the other generation. */
  readonly built: number
  readonly failed: number
  readonly pending: number
}

/** What it was expected to take, kept as the API shows it. */
type KeptEstimate = Readonly<Record<string, unknown>>

/** A re-index of one expert: a generation that is made beside the one that served. */
export type Reindex = {
  readonly expertId: string
  readonly generation: number
  readonly from: Making
  readonly to: Making
  readonly status: ReindexStatus
  readonly statusReason: string | null
  /** Whether the new generation serves. */
  readonly isSwitched: boolean
  readonly estimate: KeptEstimate
  readonly progress: ReindexProgress
  /** Of what it has built so far. */
  readonly tokensEmbedded: number
  readonly tokensReused: number
  readonly failedFiles: readonly Omit<FailedFile, 's3_key'>[]
  readonly createdAt: Date
  readonly switchedAt: Date | null
  readonly updatedAt: Date
}

export type NewReindex = {
  /** Of the request, which finds it again when it is repeated. */
  readonly requestId: string
  readonly to: Making
  readonly estimate: KeptEstimate
}

/** `gone`: the expert is not there, or is being deleted. `under way`: another one is open. */
export type BegunReindex = 'gone' | 'under way' | Reindex

/** Re-indexes as the owner of an expert sees them; every method is scoped to one user. */
export interface ReindexStore {
  begin(userId: string, expertId: string, reindex: NewReindex): Promise<BegunReindex>
  /** The latest. */
  find(userId: string, expertId: string): Promise<Reindex | undefined>
  /** The one that this request began. */
  findByRequest(userId: string, requestId: string): Promise<Reindex | undefined>
  /** Ends what `begin` began, where its workflow could not be started. */
  discard(userId: string, expertId: string, generation: number): Promise<void>
  /** The files of the expert that it would read. */
  fileIds(userId: string, expertId: string): Promise<string[]>
  /** Whether all of these were made by this recipe; where it has no name, nobody knows otherwise. */
  hasRecipe(userId: string, expertId: string, recipe: string | undefined): Promise<boolean>
}

/** One re-index, for its workflow. */
export type BuildRef = { readonly expertId: string; readonly generation: number }

export type OpenedBuild = {
  /** The generation that served when it began. */
  readonly previous: number
  readonly status: ReindexStatus
  readonly statusReason: string | null
  readonly isSwitched: boolean
  readonly from: Making
  readonly to: Making
  readonly estimate: KeptEstimate
  readonly progress: ReindexProgress
}

/** `model`: that serves. */
export type EndedBuild = { readonly outcome: ReindexReceipt['outcome']; readonly model: string }

type FileToBuild = {
  readonly fileId: string
  readonly name: string
  readonly turn: string
  /** Whose vectors are to be made: of the generation that does not serve. */
  readonly build: number
}
export type BuildPage = { readonly files: readonly FileToBuild[]; readonly last: string }

export type OtherGeneration = {
  readonly generation: number
  /** How many chunks it ought to have. */
  readonly chunks: number
  /** Whether files are being removed, so that it has more, or fewer, for a while. */
  readonly areFilesGoing: boolean
  readonly userId: string
}

/** A file of the generation that does not serve, as it is there. */
export type BuiltFile = {
  readonly fileId: string
  readonly sha256: string
  readonly chunks: number
  readonly recipe: string
}

/** Contents of a file of which something may have been derived for the other generation, with the model of that. */
export type DerivedFile = Pick<BuiltFile, 'fileId'> &
  Pick<Making, 'model' | 'dimensions'> & { readonly contents: readonly string[] }
export type Derived = Pick<BuiltFile, 'sha256' | 'recipe'>

/** `missing`: files that serve and are not complete in the other generation, so that nothing was switched. */
export type SwitchOutcome = { readonly isSwitched: boolean; readonly missing: number }

/**
 * What the workflow of a re-index reads and writes. "The other generation" is the one that does not serve: what is built before
 * the switch, what served before it afterwards.
 */
export interface BuildStore {
  /** Of all re-indexes of the expert, also of those that have ended. */
  generations(expertId: string): Promise<number[]>
  /** Begins a run: files that an earlier one left in processing are pending again. Undefined where there never was such a re-index, or the expert is gone. */
  open(build: BuildRef): Promise<OpenedBuild | EndedBuild | undefined>
  /** Whether it has not ended. */
  isOpen(build: BuildRef): Promise<boolean>
  /** Files that serve and are not, or not with the same content, in the other generation, and have not failed there; behind `after`, '0' first. */
  filesToBuild(build: BuildRef, after: string, limit: number): Promise<BuildPage>
  progress(build: BuildRef): Promise<ReindexProgress>
  failures(build: BuildRef, limit: number): Promise<(FileFailure & { fileId: string; name: string })[]>
  /** Files that failed are pending again. */
  requeue(build: BuildRef): Promise<void>
  /** Makes all files of the other generation pending again, or these. */
  requeueBuilt(build: BuildRef, fileIds?: readonly string[]): Promise<void>
  /** @returns false where it has ended */
  setStatus(build: BuildRef, status: ReindexStatus, reason?: string): Promise<boolean>
  /** Undefined once the expert is gone. */
  other(build: BuildRef): Promise<OtherGeneration | undefined>
  /** Complete files of the other generation, in the order of their ids, behind `after`; not those that are being removed. */
  built(build: BuildRef, after: string, limit: number): Promise<BuiltFile[]>
  /** Some of them, by chance. */
  sample(build: BuildRef, limit: number): Promise<BuiltFile[]>
  /** From now on the other generation serves, with its model and chunks, if nothing that serves is missing there; all in one transaction. */
  switch(build: BuildRef, to: number): Promise<SwitchOutcome>
  /** Milliseconds since the last switch; undefined where there was none. */
  sinceSwitch(build: BuildRef): Promise<number | undefined>
  /** Files of which something may have been derived for the other generation, also of those that it never completed; in their order, behind `after`. */
  derived(build: BuildRef, after: string, limit: number): Promise<DerivedFile[]>
  /** Whether anything else than the other generation uses, or is about to make, what was derived of this content by this recipe. */
  isDerivedUsed(build: BuildRef, derived: Derived): Promise<boolean>
  /** Removes the rows of the other generation. @returns what has become of the re-index */
  close(build: BuildRef): Promise<ClosedStatus>
}

/** What came of a re-index, as a person reads it in the Web UI. */
export type ReindexReceipt = {
  readonly expert_id: string
  readonly generation: number
  readonly outcome: ClosedStatus | 'expert_deleted'
  readonly files: number
  readonly embedding_model: string
  readonly vectors_deleted: number
  /** Asked of the vector store afterwards: 0. */
  readonly vectors_left: number
  /** Objects with embeddings that nothing else used. */
  readonly artefacts_deleted: number
}
