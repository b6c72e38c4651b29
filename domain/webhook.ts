import type { Expert, ExpertStatus, ExpertSummary, FinalStatus } from './expert.ts'
import type { CallOptions } from './ports.ts'

/* What an expert's owner is told at the address that they gave, as Standard Webhooks has it: https://www.standardwebhooks.com */

/** How an expert can come to rest. */
export type ToldStatus = FinalStatus | Extract<ExpertStatus, 'paused'>

export type Callback = { readonly url: string; readonly secret: string }

/** The expert of an event, as it stands when that is written down. */
export type ToldExpert = Pick<Expert, 'id' | 'name' | 'statusReason' | 'progress'> & {
  /** Of the last pass that ended. */
  readonly summary: Pick<ExpertSummary, 'totals' | 'seconds'> | null
}

export type WebhookEvent = { readonly id: string; readonly expertId: string; readonly body: string }

/** What one try sends. `secrets`: the current one, and for a day the one before it. */
export type WebhookDelivery = Omit<WebhookEvent, 'id'> & { readonly url: string; readonly secrets: readonly string[] }

/** `id`: of what was asked for; a repeat has the same. */
export type SecretRenewal = { readonly id: string; readonly secret: string; readonly overlapMs: number }

/** Secrets and addresses as their owner sees them; every method is scoped to one user. */
export interface CallbackStore {
  /** Undefined where the expert, or its callback, is not there. */
  secretOf(userId: string, expertId: string): Promise<string | undefined>
  /**
   * From now on this one signs; the one before it does too, for so long. Where the last renewal had the same id, nothing is changed.
   * @returns whether there is a callback
   */
  replaceSecret(userId: string, expertId: string, renewal: SecretRenewal): Promise<boolean>
}

/** Events that are to be told; for workflows, which have no user. */
export interface WebhookStore {
  /** Undefined where nobody wants to be told: there is no callback, or the expert is being deleted. */
  expertToTell(expertId: string): Promise<ToldExpert | undefined>
  /** Writing down an event again changes nothing. */
  open(event: WebhookEvent): Promise<void>
  /** Undefined where the event, or the callback, is not there any more. */
  delivery(eventId: string): Promise<WebhookDelivery | undefined>
  close(eventId: string): Promise<void>
}

/** Why an address is not one that callbacks may have; undefined where it is. */
export interface CallbackAddresses {
  faultOf(url: string): string | undefined
}

export type WebhookRequest = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type WebhookAnswer = { readonly status: number; readonly retryAfterMs: number | undefined }

export interface WebhookSender {
  /** Sends it once, and follows no redirect. @throws AddressRefused, or Error where no answer came */
  send(request: WebhookRequest, options?: CallOptions): Promise<WebhookAnswer>
}

/** The address, or what its name stands for, is none that callbacks may have. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** The body of an event: counts only, since a list of failed files would be up to 63 kB, and their names are for whoever has a key. */
export function webhookBody(id: string, status: ToldStatus, expert: ToldExpert, createdAt: Date): string {
  const { name, progress, statusReason, summary } = expert
  return JSON.stringify({
    id,
    type: `expert.${status}`,
    created_at: createdAt.toISOString(),
    expert: {
      id: expert.id,
      name,
      status,
      status_reason: status === 'paused' ? statusReason : null,
      progress,
      summary: status === 'paused' || !summary ? null : { totals: summary.totals, seconds: summary.seconds },
    },
  })
}
