import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'
import type { Static } from 'typebox'
import type { ApiKeySchema, ExpertSchema, FileSchema, NewApiKeyAnswer, SearchResultsSchema } from '../api/schemas.ts'

export type FileJson = Static<typeof FileSchema>
export type ExpertJson = Static<typeof ExpertSchema>
export type ApiKeyJson = Static<typeof ApiKeySchema>
export type SearchResult = Static<typeof SearchResultsSchema>['results'][number]

/** An answer of the API that is not a success: its problem's sentence. */
class ApiError extends Error {
  override readonly name = 'ApiError'
}

/** A client of the HTTP API, for people at a terminal. Every method throws ApiError. */
export class ApiClient {
  readonly #url: string
  readonly #key: string | undefined

  constructor(url: string, key?: string) {
    this.#url = url
    this.#key = key
  }

  async isReady(): Promise<boolean> {
    const response = await fetch(`${this.#url}/readyz`).catch(() => undefined)
    return response?.ok ?? false
  }

  async upload(path: string): Promise<FileJson> {
    return this.#call('POST', '/knowledge-base/upload', await fileForm(path))
  }

  async replaceContent(fileId: string, path: string): Promise<FileJson> {
    return this.#call('PUT', `/knowledge-base/files/${fileId}/content`, await fileForm(path))
  }

  createExpert(expert: {
    name: string
    system_prompt: string
    voice_id: string
    selected_files: string[]
  }): Promise<ExpertJson> {
    return this.#call('POST', '/experts/', expert)
  }

  expert(id: string): Promise<ExpertJson> {
    return this.#call('GET', `/experts/${id}`)
  }

  retry(id: string): Promise<ExpertJson> {
    return this.#call('POST', `/experts/${id}/retry`, {})
  }

  async search(id: string, query: string, topK: number): Promise<SearchResult[]> {
    const { results } = await this.#call<{ results: SearchResult[] }>('POST', `/experts/${id}/search`, {
      query,
      top_k: topK,
    })
    return results
  }

  createKey(key: { name: string; scopes: string[]; user_id?: string; expires_at?: string }) {
    return this.#call<Static<typeof NewApiKeyAnswer>>('POST', '/keys', key)
  }

  async keys(): Promise<ApiKeyJson[]> {
    const keys: ApiKeyJson[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`
      const page = await this.#call<{ items: ApiKeyJson[]; next_cursor: string | null }>(
        'GET',
        `/keys?limit=1000${query}`,
      )
      keys.push(...page.items)
      cursor = page.next_cursor
    }
    return keys
  }

  revokeKey(id: string): Promise<void> {
    return this.#call('DELETE', `/keys/${id}`)
  }

  async #call<T>(method: string, path: string, body?: FormData | object): Promise<T> {
    const json = body !== undefined && !(body instanceof FormData)
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(body !== undefined && { body: json ? JSON.stringify(body) : (body as FormData) }),
      headers: {
        ...(json && { 'content-type': 'application/json' }),
        ...(this.#key !== undefined && { authorization: `Bearer ${this.#key}` }),
      },
    })
    const answer: unknown = response.status === 204 ? undefined : await response.json()
    if (!response.ok) throw new ApiError(`${method} ${path}: ${describe(answer)}`)
    return answer as T
  }
}

async function fileForm(path: string): Promise<FormData> {
  const form = new FormData()
  form.append('file', await openAsBlob(path), basename(path))
  return form
}

const describe = (problem: unknown) => {
  const { code, detail } = problem as { code?: string; detail?: string }
  return `${code}: ${detail}`
}
