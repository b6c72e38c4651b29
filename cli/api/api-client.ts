import type { ApiAddress } from './api-connection.ts'
import { ApiConnection } from './api-connection.ts'
import { ApiError } from './api-error.ts'
import { ExpertsApi } from './experts-api.ts'
import { FilesApi } from './files-api.ts'
import { KeysApi } from './keys-api.ts'
import { ReindexApi } from './reindex-api.ts'

type ReadinessJson = { readonly checks: readonly { readonly name: string; readonly status: string }[] }

/** As its checks are named. */
const NEEDED_BY_FILES = ['postgres', 'temporal', 'workers']

/** A client of the HTTP API, for people at a terminal. Every method throws ApiError or ApiUnreachable. */
export class ApiClient {
  readonly files: FilesApi
  readonly experts: ExpertsApi
  readonly keys: KeysApi
  readonly reindexes: ReindexApi
  readonly #connection: ApiConnection

  constructor(address: ApiAddress) {
    this.#connection = new ApiConnection(address)
    this.files = new FilesApi(this.#connection)
    this.experts = new ExpertsApi(this.#connection)
    this.keys = new KeysApi(this.#connection)
    this.reindexes = new ReindexApi(this.#connection)
  }

  /** @throws ApiUnreachable, or ApiError where the key is no good; what the key may do is told by what is asked for */
  async checkAccess(): Promise<void> {
    await this.#connection.json('GET', '/knowledge-base/files?limit=1').catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'SCOPE_MISSING')) throw error
    })
  }

  /** Whether the API answers, and with it all that a file needs on its way; workers are not among what it needs itself. */
  async canProcessFiles(): Promise<boolean> {
    const { checks } = await this.#connection
      .json<ReadinessJson>('GET', '/readyz', { once: true })
      .catch(() => ({ checks: [] }))
    return NEEDED_BY_FILES.every((name) => checks.some((check) => check.name === name && check.status === 'ok'))
  }
}
