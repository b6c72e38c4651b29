import type pg from 'pg'
import type { ExpertSummary } from '../domain/expert.ts'
import type { ToldExpert, WebhookDelivery, WebhookEvent, WebhookStore } from '../domain/webhook.ts'
import { countProgress } from './postgres-expert-store.ts'

type ExpertRow = { id: string; name: string; status_reason: string | null; summary: ExpertSummary | null }
type DeliveryRow = {
  expert_id: string
  body: string
  url: string
  secret: string
  secret_before: string | null
}

export class PostgresWebhookStore implements WebhookStore {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    this.#pool = pool
  }

  async expertToTell(expertId: string): Promise<ToldExpert | undefined> {
    const { rows } = await this.#pool.query<ExpertRow>(
      `select e.id, e.name, e.status_reason, e.summary from experts e join expert_callbacks c on c.expert_id = e.id
       where e.id = $1 and e.status <> 'deleting'`,
      [expertId],
    )
    const [row] = rows
    if (!row) return undefined
    const progress = await countProgress(this.#pool, expertId)
    return { id: row.id, name: row.name, statusReason: row.status_reason, summary: row.summary, progress }
  }

  async open({ id, expertId, body }: WebhookEvent): Promise<void> {
    await this.#pool.query(
      // Left by deliveries that somebody ended by hand, which nothing else would remove.
      `with old as (delete from webhook_events where expert_id = $2 and created_at < now() - interval '7 days')
       insert into webhook_events (id, expert_id, body) select $1, expert_id, $3 from expert_callbacks where expert_id = $2
       on conflict (id) do nothing`,
      [id, expertId, body],
    )
  }

  async delivery(eventId: string): Promise<WebhookDelivery | undefined> {
    const { rows } = await this.#pool.query<DeliveryRow>(
      `select w.expert_id, w.body, c.url, c.secret, case when c.both_until > now() then c.secret_before end as secret_before
       from webhook_events w join expert_callbacks c on c.expert_id = w.expert_id where w.id = $1`,
      [eventId],
    )
    const [row] = rows
    if (!row) return undefined
    const secrets = row.secret_before === null ? [row.secret] : [row.secret, row.secret_before]
    return { expertId: row.expert_id, body: row.body, url: row.url, secrets }
  }

  async close(eventId: string): Promise<void> {
    await this.#pool.query('delete from webhook_events where id = $1', [eventId])
  }
}
