import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import type { ChatRequestSchema } from '../../api/chat-schemas.ts'
import type { ExpertFileSchema, ExpertSchema, NewExpertSchema } from '../../api/schemas.ts'
import type { SearchResultsSchema } from '../../api/search-schemas.ts'
import type { ApiConnection } from './api-connection.ts'
import type { ChatAnswerJson, ChatEventJson } from './chat-events.ts'
import { chatEvents } from './chat-events.ts'
import type { ExpertEvent } from './expert-events.ts'
import { toExpertEvent } from './expert-events.ts'
import { itemsOf } from './pages.ts'
import { serverSentEvents } from './server-sent-events.ts'

export type ExpertJson = Static<typeof ExpertSchema>
export type ExpertFileJson = Static<typeof ExpertFileSchema>
export type NewExpert = Static<typeof NewExpertSchema>
export type SearchResult = Static<typeof SearchResultsSchema>['results'][number]

type Question = Pick<Static<typeof ChatRequestSchema>, 'message'> & { readonly top_k?: number }
type SearchOptions = { readonly top_k: number; readonly file_ids?: string[] }

const at = (id: string) => `/experts/${encodeURIComponent(id)}`

export class ExpertsApi {
  readonly #connection: ApiConnection

  constructor(connection: ApiConnection) {
    this.#connection = connection
  }

  create(expert: NewExpert): Promise<ExpertJson> {
    return this.#connection.json('POST', '/experts', { json: expert, headers: { 'idempotency-key': randomUUID() } })
  }

  get(id: string): Promise<ExpertJson> {
    return this.#connection.json('GET', at(id))
  }

  /** Newest first. */
  list(page?: number): AsyncGenerator<ExpertJson> {
    return itemsOf(this.#connection, '/experts', page)
  }

  named(name: string): AsyncGenerator<ExpertJson> {
    return itemsOf(this.#connection, `/experts?name=${encodeURIComponent(name)}`)
  }

  failedFiles(id: string): AsyncGenerator<ExpertFileJson> {
    return itemsOf(this.#connection, `${at(id)}/files?status=failed`)
  }

  /** @param fileIds unset: all that failed */
  retry(id: string, fileIds?: readonly string[]): Promise<ExpertJson> {
    return this.#connection.json('POST', `${at(id)}/retry`, { json: fileIds ? { file_ids: fileIds } : {} })
  }

  async search(id: string, query: string, options: SearchOptions): Promise<SearchResult[]> {
    const path = `${at(id)}/search`
    const { results } = await this.#connection.json<{ results: SearchResult[] }>('POST', path, {
      json: { query, ...options },
    })
    return results
  }

  /** Sent once, since each answer is paid for. */
  ask(id: string, question: Question, signal: AbortSignal): Promise<ChatAnswerJson> {
    return this.#connection.json('POST', `${at(id)}/chat`, { json: question, signal, once: true })
  }

  /** Sent once, too. */
  async *askStreaming(id: string, question: Question, signal: AbortSignal): AsyncGenerator<ChatEventJson> {
    const headers = { accept: 'text/event-stream' }
    const request = { json: question, headers, signal, once: true }
    yield* chatEvents(await this.#connection.stream('POST', `${at(id)}/chat`, request))
  }

  /** With the id and the address of the workflow that deletes it. */
  delete(id: string): Promise<ExpertJson> {
    return this.#connection.json('DELETE', at(id))
  }

  /** What happens to it from now on (docs/events.md), also when the API is restarted meanwhile. Has no end but that of the expert. */
  async *events(id: string, signal: AbortSignal): AsyncGenerator<ExpertEvent> {
    const connect = (headers: Record<string, string>, ended: AbortSignal) =>
      this.#connection.stream('GET', `${at(id)}/events`, { headers, signal: ended })
    for await (const event of serverSentEvents(connect, signal)) yield toExpertEvent(event)
  }
}
