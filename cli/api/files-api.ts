import { randomUUID } from 'node:crypto'
import type { Static } from 'typebox'
import type { DeletionSchema, FileSchema, NotStoredFileSchema } from '../../api/schemas.ts'
import type { ApiConnection } from './api-connection.ts'
import { fileBody } from './file-body.ts'
import { itemsOf } from './pages.ts'

export type FileJson = Static<typeof FileSchema>
export type DeletionJson = Static<typeof DeletionSchema>
/** `warning`: why its bytes were not kept. */
export type UploadedFile = FileJson & Partial<Pick<Static<typeof NotStoredFileSchema>, 'warning'>>

type UploadOptions = { readonly onBytes?: (sent: number) => void; readonly signal?: AbortSignal }

const at = (id: string) => `/knowledge-base/files/${encodeURIComponent(id)}`

export class FilesApi {
  readonly #connection: ApiConnection

  constructor(connection: ApiConnection) {
    this.#connection = connection
  }

  /** Streams it from disk. `onBytes` is told how many of this file are sent by now. */
  upload(path: string, { onBytes, signal }: UploadOptions = {}): Promise<UploadedFile> {
    return this.#connection.json('POST', '/knowledge-base/upload', {
      body: () => fileBody(path, onBytes),
      headers: { 'idempotency-key': randomUUID() },
      signal,
    })
  }

  replaceContent(id: string, path: string): Promise<FileJson> {
    return this.#connection.json('PUT', `${at(id)}/content`, { body: () => fileBody(path) })
  }

  /** Newest first. */
  list(page?: number): AsyncGenerator<FileJson> {
    return itemsOf(this.#connection, '/knowledge-base/files', page)
  }

  get(id: string): Promise<FileJson> {
    return this.#connection.json('GET', at(id))
  }

  /** With `cascade` it is taken out of experts first, by the workflow that is returned. */
  delete(id: string, { cascade = false } = {}): Promise<DeletionJson | undefined> {
    return this.#connection.json('DELETE', `${at(id)}${cascade ? '?cascade=true' : ''}`)
  }
}
