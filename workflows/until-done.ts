import { sleep } from '@temporalio/workflow'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 60_000

/**
 * Asks, ever less often, until the answer is yes. The workflow waits and not the activity: one that waits for other workflows
 * holds a worker's slot, which they may need to get on.
 */
export async function untilDone(ask: (round: number) => Promise<boolean>): Promise<void> {
  for (let round = 0; !(await ask(round)); round++) await sleep(Math.min(FIRST_WAIT_MS * 2 ** round, LONGEST_WAIT_MS))
}
