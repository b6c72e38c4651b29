import { readFile } from 'node:fs/promises'
import type { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import { infrastructure } from './infrastructure.ts'

/** Replays every history of the task queue against the workflow code. @throws if one of them does not fit */
export async function replayHistories(client: Client, taskQueue: string): Promise<number> {
  const workflowBundle = { code: await readFile(infrastructure().bundlePath, 'utf8') }
  let replayed = 0
  const histories = client.workflow.list({ query: `TaskQueue = '${taskQueue}'` }).intoHistories()
  for await (const { error, workflowId } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error) throw new Error(`The history of ${workflowId} does not replay`, { cause: error })
    replayed++
  }
  return replayed
}
