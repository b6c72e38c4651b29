import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow'
import type { Try } from '../activities/deliver-webhook.ts'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING, WEBHOOK } from './activity-options.ts'
import type { DeliverWebhookWorkflow, WebhookReceipt } from './contract.ts'
import { webhookQueue } from './contract.ts'
import { renderDetails } from './markdown.ts'

const { deliverWebhook } = proxyActivities<Activities>(WEBHOOK)
const { closeEvent } = proxyActivities<Activities>(BOOKKEEPING)

/** Delivers one event to the callback of its expert, tries again for a day, and ends with a receipt either way. */
export const DeliverWebhook: DeliverWebhookWorkflow = async ({ eventId }) => {
  const receipt: WebhookReceipt = { event_id: eventId, ...(await deliver(eventId)) }
  await closeEvent({ eventId })
  setCurrentDetails(renderDetails(headlineOf(receipt)))
  return receipt
}

type Outcome = Omit<WebhookReceipt, 'event_id'>

async function deliver(eventId: string): Promise<Outcome> {
  try {
    const taskQueue = webhookQueue(workflowInfo().taskQueue)
    const done = await deliverWebhook.executeWithOptions({ taskQueue }, [{ eventId }])
    return done ? { outcome: 'delivered', ...done, reason: null } : WITHDRAWN
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    return { outcome: 'given_up', ...lastTry(error.cause), reason: reasonOf(error.cause) }
  }
}

const WITHDRAWN: Outcome = { outcome: 'withdrawn', status: null, tries: 0, reason: null }

/** Where a worker died in the last try, nobody has told of it. */
const lastTry = (cause: unknown): Try =>
  (cause instanceof ApplicationFailure ? (cause.details?.[0] as Try | undefined) : undefined) ?? {
    status: null,
    tries: 0,
  }

const reasonOf = (cause: unknown) => (cause instanceof ApplicationFailure ? cause.message : 'The time for it was over.')

function headlineOf({ outcome, status, tries, reason }: WebhookReceipt): string {
  if (outcome === 'withdrawn') return 'Not wanted any more: the expert or its callback is gone'
  if (outcome === 'delivered') return `Delivered at try ${tries}: the receiver answered ${status}`
  return `Given up after try ${tries}: ${reason}`
}
