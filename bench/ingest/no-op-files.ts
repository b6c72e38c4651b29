/* The workflow of the ceiling: what Temporal by itself allows for four activities a file, in the product's window. */
import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow'
import { runInLanes } from '../../workflows/lanes.ts'
import type { NoOpActivities } from './ceiling-worker.ts'

const FILES_IN_FLIGHT = 50

const { noOp } = proxyActivities<NoOpActivities>({ startToCloseTimeout: '1m' })

export async function NoOpFiles({ from, files }: { from: number; files: number }): Promise<void> {
  let next = from
  const take = async () => (next < files && !workflowInfo().continueAsNewSuggested ? next++ : undefined)
  await runInLanes(FILES_IN_FLIGHT, take, async (file) => {
    for (let stage = 0; stage < 4; stage++) await noOp({ fileId: `file-${file}`, stage })
  })
  if (next < files) await continueAsNew<typeof NoOpFiles>({ from: next, files })
}
