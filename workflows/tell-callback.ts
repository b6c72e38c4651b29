import { CancellationScope, patched, proxyActivities, startChild, uuid4 } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { ToldStatus } from '../domain/webhook.ts'
import { BOOKKEEPING } from './activity-options.ts'
import type { DeliverWebhookWorkflow } from './contract.ts'
import { DELIVER_WEBHOOK, deliverWebhookId, EXPERT_ID } from './contract.ts'

const { openEvent } = proxyActivities<Activities>(BOOKKEEPING)

/**
 * Has the expert's owner told, where they want to be, that it has come to rest. What delivers it is a workflow of its own: a receiver
 * that is away for hours keeps nothing of this run waiting, and neither the end nor a cancellation of this run loses the event.
 */
export async function tellCallback(expertId: string, status: ToldStatus): Promise<void> {
  if (!patched('tell-callback')) return
  await CancellationScope.nonCancellable(async () => {
    const eventId = uuid4()
    const summary = `is anybody to be told of ${status}?`
    if (!(await openEvent.executeWithOptions({ summary }, [{ eventId, expertId, status }]))) return
    await startChild<DeliverWebhookWorkflow>(DELIVER_WEBHOOK, {
      workflowId: deliverWebhookId(eventId),
      args: [{ eventId }],
      staticSummary: `expert.${status}`,
      typedSearchAttributes: [{ key: EXPERT_ID, value: expertId }],
      parentClosePolicy: 'ABANDON',
    })
  })
}
