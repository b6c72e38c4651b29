import { ApplicationFailure, activityInfo, cancellationSignal, log } from '@temporalio/activity'
import type { WebhookAnswer, WebhookRequest } from '../domain/webhook.ts'
import { AddressRefused } from '../domain/webhook.ts'
import { pauseAfter } from '../domain/webhook-retries.ts'
import { webhookHeaders } from '../domain/webhook-signature.ts'
import type { Ports } from './ports.ts'

/** `status`: of the answer, null where there was none. `tries`: this one included. What a failed try tells the workflow, too. */
export type Try = { readonly status: number | null; readonly tries: number }

/** Without the address, which nobody who reads a history need know. */
const REFUSED = 'The address is not one that callbacks may have. WEBHOOK_ALLOWED_HOSTS can allow it.'
/** Of a receiver that wants to be told no more. */
const GONE = 410

/**
 * Sends an event to whoever its expert's callback is now. Neither the address nor what is sent or answered enters the history.
 * @returns the try, or null where the expert or its callback is gone
 * @throws ApplicationFailure that has the try in its details
 */
export const deliverWebhook =
  ({ webhooks, sender }: Pick<Ports, 'webhooks' | 'sender'>) =>
  async ({ eventId }: { eventId: string }): Promise<Try | null> => {
    const delivery = await webhooks.delivery(eventId)
    if (!delivery) return null
    const { url, body, secrets, expertId } = delivery
    const headers = webhookHeaders(eventId, body, secrets, new Date())
    const { status, retryAfterMs } = await send(sender, { url, body, headers })
    if (status < 200 || status > 299) throw notDelivered(`The receiver answered ${status}.`, { status, retryAfterMs })
    log.info('📨 Webhook delivered', { expertId, eventId, status })
    return { status, tries: activityInfo().attempt }
  }

async function send(sender: Ports['sender'], request: WebhookRequest): Promise<WebhookAnswer> {
  const signal = cancellationSignal()
  try {
    return await sender.send(request, { signal })
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof AddressRefused) throw notDelivered(REFUSED, { isFinal: true })
    throw notDelivered(`There was no answer${reasonOf(error)}.`)
  }
}

type Circumstances = Partial<WebhookAnswer> & { readonly isFinal?: boolean }

function notDelivered(message: string, { status, retryAfterMs, isFinal = false }: Circumstances = {}) {
  const { attempt: tries } = activityInfo()
  log.warn(`⚠️ Webhook not delivered: ${message}`, { status, tries })
  return ApplicationFailure.create({
    type: 'WEBHOOK_NOT_DELIVERED',
    message,
    nonRetryable: isFinal || status === GONE,
    details: [{ status: status ?? null, tries } satisfies Try],
    nextRetryDelay: pauseAfter(tries, retryAfterMs),
  })
}

/** Its code only: the rest names addresses. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if (error.name === 'TimeoutError') return ' in time'
  return 'code' in error && typeof error.code === 'string' ? `: ${error.code}` : ''
}
