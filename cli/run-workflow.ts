import { Client, Connection } from '@temporalio/client'
import type { Workflow, WorkflowResultType } from '@temporalio/common'
import type { CliConfig } from '../config.ts'

export type WorkflowRun<W extends Workflow> = {
  readonly type: string
  readonly workflowId: string
  readonly args: Parameters<W>
}

/**
 * Starts a workflow, or joins the run of that id that is open already, says where it can be watched, and waits for its
 * result. A Ctrl-C ends the waiting, not the workflow: the same command joins it again.
 */
export async function runWorkflow<W extends Workflow>(
  { temporal }: CliConfig,
  { type, workflowId, args }: WorkflowRun<W>,
): Promise<WorkflowResultType<W>> {
  const { namespace, taskQueue, uiUrl, connect } = temporal
  const connection = await Connection.connect(connect.connectionOptions)
  try {
    const { workflow } = new Client({ connection, namespace })
    const handle = await workflow.start<W>(type, {
      taskQueue,
      workflowId,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args,
    } as never)
    process.stderr.write(
      `Watch it: ${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}\n`,
    )
    return (await handle.result()) as WorkflowResultType<W>
  } finally {
    await connection.close()
  }
}
