import type { Client } from '@temporalio/client'

export type Histories = { readonly runs: number; readonly mostEvents: number; readonly mostBytes: number }

/** The runs of one workflow so far, and the longest history among them; closed ones by visibility, the open one by asking. */
export async function histories(client: Client, workflowId: string): Promise<Histories> {
  const runs = await Array.fromAsync(client.workflow.list({ query: `WorkflowId = '${workflowId}'` }))
  const open = await client.workflow.getHandle(workflowId).describe()
  const all = [...runs, open]
  return {
    // Visibility may not have the open one yet.
    runs: new Set(all.map(({ runId }) => runId)).size,
    mostEvents: Math.max(...all.map(({ historyLength }) => historyLength)),
    mostBytes: Math.max(...all.map(({ historySize = 0 }) => historySize)),
  }
}
