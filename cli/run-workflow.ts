import { setTimeout as delay } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import { Client } from '@temporalio/client'
import type { Workflow, WorkflowResultType } from '@temporalio/common'
import type { TemporalClientConfig } from '../config.ts'
import { connectTemporal } from './connect-temporal.ts'
import { interruptible } from './interrupt.ts'
import { say } from './output.ts'
import { rootOf } from './root-of.ts'

export type WorkflowRun<W extends Workflow> = {
  readonly type: string
  readonly workflowId: string
  /** What the Web UI shows beside the id. */
  readonly summary?: string
  readonly args: Parameters<W>
}

/** Shows how far a run is, until `signal` says that it has ended. */
export type Watch = (run: WorkflowHandle, signal: AbortSignal) => Promise<void>

/** A worker that is there takes a workflow up at once. */
const WORKER_ANSWERS_WITHIN_MS = 10_000
/** That a run was started, and that it waits for a worker. */
const EVENTS_BEFORE_A_WORKER = 2

/**
 * Starts a workflow, or joins the run of that id that is open already, says where it can be watched, and waits for its
 * result. A Ctrl-C ends the waiting, not the workflow: the same command joins it again.
 * @throws Interrupted, or Error with a sentence for the operator where Temporal cannot be reached, no worker takes the workflow up, or it fails
 */
export async function runWorkflow<W extends Workflow>(
  { temporal }: TemporalClientConfig,
  { type, workflowId, summary, args }: WorkflowRun<W>,
  watch: Watch = async () => undefined,
): Promise<WorkflowResultType<W>> {
  const { namespace, taskQueue, uiUrl } = temporal
  const connection = await connectTemporal(temporal)
  const waiting = new AbortController()
  try {
    const { workflow } = new Client({ connection, namespace })
    const handle = await workflow.start<W>(type, {
      taskQueue,
      workflowId,
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...(summary && { staticSummary: summary }),
      args,
    } as never)
    say(`Watch it: ${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`)
    return (await interruptible(
      () => `The workflow goes on; the same command joins it again. To end it: the link above.`,
      (interrupted) => {
        const signal = AbortSignal.any([waiting.signal, interrupted])
        const result = connection.withAbortSignal(signal, () => watched(handle, watch))
        return Promise.race([result, workerMissing(handle, taskQueue)])
      },
    )) as WorkflowResultType<W>
  } catch (error) {
    throw rootOf(error)
  } finally {
    // Else the process would stay until the server ends the poll for the result.
    waiting.abort()
    await connection.close()
  }
}

/** Never resolves. @throws where no worker has answered in time */
async function workerMissing(handle: WorkflowHandle, taskQueue: string): Promise<never> {
  await delay(WORKER_ANSWERS_WITHIN_MS, undefined, { ref: false })
  const { historyLength } = await handle.describe()
  if (historyLength <= EVENTS_BEFORE_A_WORKER)
    throw new Error(
      `No worker has answered on the task queue ${taskQueue}. Start one with npm run worker: it will take ${handle.workflowId} up.`,
    )
  return new Promise(() => undefined)
}

async function watched(handle: WorkflowHandle, watch: Watch): Promise<unknown> {
  const ended = new AbortController()
  const watching = watch(handle, ended.signal)
  try {
    return await handle.result()
  } finally {
    ended.abort()
    await watching
  }
}
