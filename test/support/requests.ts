import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { ExpertFileSchema, ExpertSchema, FileSchema } from '../../api/schemas.ts'
import type { SearchResultsSchema } from '../../api/search-schemas.ts'

export type FileJson = Static<typeof FileSchema>
export type ExpertJson = Static<typeof ExpertSchema>
export type ExpertFileJson = Static<typeof ExpertFileSchema>
export type SearchResult = Static<typeof SearchResultsSchema>['results'][number]

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Answer = { readonly status: number; readonly headers: Record<string, unknown>; readonly body: unknown }

/** What a client of the API does, without a socket in between. */
export class Requests {
  readonly #app: FastifyInstance
  readonly #headers: Readonly<Record<string, string>>

  constructor(app: FastifyInstance, headers: Readonly<Record<string, string>> = {}) {
    this.#app = app
    this.#headers = headers
  }

  async send(method: Method, url: string, body?: object): Promise<Answer & { body: Record<string, unknown> }> {
    const response = await this.#app.inject({ method, url, headers: this.#headers, ...(body && { payload: body }) })
    return { status: response.statusCode, headers: response.headers, body: response.body ? response.json() : {} }
  }

  async sendFile(method: 'POST' | 'PUT', url: string, name: string, content: Buffer | string, part = 'file') {
    const form = new FormData()
    form.append(part, new Blob([typeof content === 'string' ? content : new Uint8Array(content)]), name)
    const request = new Request('http://localhost/', { method: 'POST', body: form })
    const payload = Buffer.from(await request.arrayBuffer())
    const headers = { ...this.#headers, 'content-type': request.headers.get('content-type') ?? '' }
    const response = await this.#app.inject({ method, url, payload, headers })
    return { status: response.statusCode, headers: response.headers, body: response.json() as Record<string, unknown> }
  }

  async upload(name: string, content: Buffer | string): Promise<FileJson> {
    const { status, body } = await this.sendFile('POST', '/knowledge-base/upload', name, content)
    assert.equal(status, 201, JSON.stringify(body))
    return body as FileJson
  }

  async createExpert(files: readonly FileJson[], name = 'Test Expert'): Promise<ExpertJson> {
    const { status, body } = await this.send('POST', '/experts/', {
      name,
      system_prompt: 'You are a helpful assistant',
      voice_id: '21m00Tcm4TlvDq8ikWAM',
      selected_files: files.map(({ id }) => id),
    })
    assert.equal(status, 202, JSON.stringify(body))
    return body as ExpertJson
  }

  async expert(id: string): Promise<ExpertJson> {
    return (await this.send('GET', `/experts/${id}`)).body as ExpertJson
  }

  /** The expert once its status is one of `statuses`. */
  async until(id: string, ...statuses: ExpertJson['status'][]): Promise<ExpertJson> {
    return eventually(async () => {
      const expert = await this.expert(id)
      assert.ok(
        statuses.includes(expert.status),
        `expert is ${expert.status}, not ${statuses}; ${JSON.stringify(expert.progress)}`,
      )
      return expert
    })
  }

  async search(id: string, query: string, options: object = {}): Promise<SearchResult[]> {
    const { status, body } = await this.send('POST', `/experts/${id}/search`, { query, ...options })
    assert.equal(status, 200, JSON.stringify(body))
    return body.results as SearchResult[]
  }
}

/** Nothing but a hang takes that long, on however busy a machine; the limit of the whole test is longer still. */
const LIMIT_MS = 180_000

/** Tries until `attempt` does not throw. @throws its last error after the time limit */
export async function eventually<T>(attempt: () => Promise<T>, limitMs = LIMIT_MS, everyMs = 50): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await delay(everyMs)
    }
  }
}
