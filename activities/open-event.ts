import type { ToldStatus } from '../domain/webhook.ts'
import { webhookBody } from '../domain/webhook.ts'
import type { Ports } from './ports.ts'

type OneEvent = { readonly eventId: string }
type NewEvent = OneEvent & { readonly expertId: string; readonly status: ToldStatus }

/** Writes down how the expert stands, for its owner. @returns whether they want to be told */
export const openEvent =
  ({ webhooks }: Pick<Ports, 'webhooks'>) =>
  async ({ eventId, expertId, status }: NewEvent): Promise<boolean> => {
    const expert = await webhooks.expertToTell(expertId)
    if (!expert) return false
    await webhooks.open({ id: eventId, expertId, body: webhookBody(eventId, status, expert, new Date()) })
    return true
  }

/** The event was told, or nobody goes on trying. */
export const closeEvent =
  ({ webhooks }: Pick<Ports, 'webhooks'>) =>
  ({ eventId }: OneEvent) =>
    webhooks.close(eventId)
