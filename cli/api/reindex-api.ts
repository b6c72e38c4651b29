import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import type { EstimateSchema } from '../../api/cost-schemas.ts'
import type { ReindexAction } from '../../api/reindex-actions.ts'
import type { NewReindexSchema, ReindexSchema } from '../../api/reindex-schemas.ts'
import type { ApiConnection } from './api-connection.ts'

export type ReindexJson = Static<typeof ReindexSchema>
export type EstimateJson = Static<typeof EstimateSchema>
export type NewReindex = Omit<Static<typeof NewReindexSchema>, 'dry_run'>

const at = (id: string) => `/experts/${encodeURIComponent(id)}/reindex`

export class ReindexApi {
  readonly #connection: ApiConnection

  constructor(connection: ApiConnection) {
    this.#connection = connection
  }

  begin(id: string, reindex: NewReindex): Promise<ReindexJson> {
    const headers = { 'idempotency-key': randomUUID() }
    return this.#connection.json('POST', at(id), { json: reindex, headers })
  }

  estimate(id: string, reindex: NewReindex): Promise<EstimateJson> {
    return this.#connection.json('POST', at(id), { json: { ...reindex, dry_run: true } })
  }

  /** The latest. */
  get(id: string): Promise<ReindexJson> {
    return this.#connection.json('GET', at(id))
  }

  ask(id: string, action: ReindexAction): Promise<ReindexJson> {
    return this.#connection.json('POST', `${at(id)}/${action}`)
  }
}
