import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import type { ApiKeySchema, NewApiKeyAnswer } from '../../api/schemas.ts'
import type { ApiConnection } from './api-connection.ts'
import { itemsOf } from './pages.ts'

export type ApiKeyJson = Static<typeof ApiKeySchema>

type NewKey = {
  readonly name: string
  readonly scopes: string[]
  readonly user_id?: string
  readonly expires_at?: string
}

export class KeysApi {
  readonly #connection: ApiConnection

  constructor(connection: ApiConnection) {
    this.#connection = connection
  }

  create(key: NewKey): Promise<Static<typeof NewApiKeyAnswer>> {
    return this.#connection.json('POST', '/keys', { json: key, headers: { 'idempotency-key': randomUUID() } })
  }

  /** Newest first. */
  list(): AsyncGenerator<ApiKeyJson> {
    return itemsOf(this.#connection, '/keys')
  }

  revoke(id: string): Promise<void> {
    return this.#connection.json('DELETE', `/keys/${encodeURIComponent(id)}`)
  }
}
