import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { Chore, ChoreReceipt } from '../domain/housekeeping.ts'
import { CHORES } from '../domain/housekeeping.ts'
import { CHORE } from './activity-options.ts'
import type { HousekeepingInput, HousekeepingWorkflow } from './contract.ts'
import { renderReceipt } from './housekeeping-report.ts'

const ACTIVITIES = proxyActivities<Activities>(CHORE)

const ACTIVITY = {
  'start-experts': ACTIVITIES.startExperts,
  'abort-uploads': ACTIVITIES.abortUploads,
  'remove-objects': ACTIVITIES.removeObjects,
  'remove-vectors': ACTIVITIES.removeAbandonedVectors,
} satisfies Record<Chore, unknown>

/** Does one chore after the other. One that fails is reported and does not stop the next. */
export const Housekeeping: HousekeepingWorkflow = async (input) => {
  const { dryRun, chores = CHORES } = checkInput(input)
  const receipts: ChoreReceipt[] = []
  const receipt = { dry_run: dryRun, chores: receipts }
  for (const chore of CHORES.filter((each) => chores.includes(each))) {
    receipts.push(await doChore(chore, dryRun))
    setCurrentDetails(renderReceipt(receipt))
  }
  return receipt
}

/** It may have been started by hand: a chore of another name, or a dry run that was meant but not said, must not pass for done. */
function checkInput(input: HousekeepingInput | undefined): HousekeepingInput {
  const unknown = input?.chores?.filter((chore) => !CHORES.includes(chore)) ?? []
  if (typeof input?.dryRun === 'boolean' && unknown.length === 0) return input
  throw ApplicationFailure.nonRetryable(
    `The input is { "dryRun": true or false, "chores": some of ${CHORES.join(', ')} }.`,
    'INPUT_INVALID',
  )
}

async function doChore(chore: Chore, dryRun: boolean): Promise<ChoreReceipt> {
  try {
    const summary = dryRun ? `${chore} · dry run` : chore
    return { chore, ...(await ACTIVITY[chore].executeWithOptions({ summary }, [{ dryRun }])), failure: null }
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    return { chore, failure: describe(error.cause ?? error) }
  }
}

const describe = (cause: Error) => ({
  code: (cause instanceof ApplicationFailure && cause.type) || 'TIMED_OUT',
  message: cause.message,
})
