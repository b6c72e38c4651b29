import { isCancellation, proxyActivities, sleep } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Verdict } from '../activities/reindex/verify-build.ts'
import type { BuildRef } from '../domain/reindex.ts'
import { CLEANING, triesWithin } from './activity-options.ts'
import { toFileFailure } from './file-failure.ts'
import { counted } from './markdown.ts'
import type { ReindexPause } from './reindex-pause.ts'
import { pauseBy } from './reindex-pause.ts'

const { verifyBuild, mendBuild } = proxyActivities<Activities>(CLEANING)

/** Between two looks at a store that may lag behind; after the last of them files are stored again, and it begins anew, more patiently. */
const LOOK_AGAIN_AFTER_MS = [1_000, 4_000]
const LONGEST_MS = 4_000
const MENDINGS = 3

type Verification = {
  readonly build: BuildRef
  /** Whether there may be no vector more than there ought to be. */
  readonly exactly: boolean
  /** What is wrong for longer than that is told, by a pause. */
  readonly retryBudgetMs: number
  /** Stores what is not complete. */
  readonly buildFiles: () => Promise<void>
  readonly mustWait: () => boolean
}
type Verified = { readonly isComplete: boolean; readonly pause?: ReindexPause }

/** Whether the vector store has all of the generation that does not serve. Without a pause, it was to wait before that was known. */
export async function verifyGeneration(verification: Verification): Promise<Verified> {
  try {
    return await verifyAndMend(verification)
  } catch (error) {
    if (isCancellation(error)) throw error
    const failure = toFileFailure(error, 'store')
    // The expert is gone, or about to go: whoever looks at the rows sees that.
    return { isComplete: false, ...(failure.code !== 'CANCELLED' && { pause: pauseBy(failure) }) }
  }
}

/** A store may show late what was written, so it is asked again; then what is not there is stored again. */
async function verifyAndMend(verification: Verification): Promise<Verified> {
  const { build, exactly, retryBudgetMs, buildFiles, mustWait } = verification
  for (let mending = 0; mending < MENDINGS; mending++) {
    const verdict = await lookPatiently(verification, mending)
    if (verdict.isComplete) return { isComplete: true }
    if (mustWait()) break
    const { expected, found, missingFiles, wrongSearches } = verdict
    const what = { expected, found: exactly ? found : Math.min(found, expected), missingFiles, wrongSearches }
    const options = { summary: `${found} of ${expected} vectors: store again`, retry: triesWithin(retryBudgetMs) }
    await mendBuild.executeWithOptions(options, [{ ...build, ...what }])
    if (mending === MENDINGS - 1) return { isComplete: false, pause: { reason: describe(verdict) } }
    await buildFiles()
    if (mustWait()) break
  }
  return { isComplete: false }
}

/** The vectors of files that are being removed go just now, so that nothing is missing or too much before they are gone. */
async function lookPatiently({ build, exactly, retryBudgetMs, mustWait }: Verification, mending: number) {
  const options = { summary: 'counts, files, sample searches', retry: triesWithin(retryBudgetMs) }
  for (let looks = 0; ; looks++) {
    const isLast = looks >= LOOK_AGAIN_AFTER_MS.length
    const verdict = await verifyBuild.executeWithOptions(options, [{ ...build, exactly, isLast }])
    if (verdict.isComplete || mustWait() || (isLast && !verdict.areFilesGoing)) return verdict
    await sleep((LOOK_AGAIN_AFTER_MS[looks] ?? LONGEST_MS) * (mending + 1))
  }
}

const describe = ({ expected, found, missingFiles, searches, wrongSearches }: Verdict) =>
  `The vector store does not show all that was stored: ${found} of ${expected} vectors, ${counted(missingFiles.length, 'file')} without any, ${wrongSearches} of ${searches} sample searches wrong. Look at the store, then resume it.`
