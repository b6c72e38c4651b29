import { Failure } from '../domain/failure.ts'
import type { ObjectStore } from '../domain/ports.ts'

/** Stands where S3 was asked for but lacks variables: every use says which, and the rest of the product goes on. */
export class UnconfiguredObjectStore implements ObjectStore {
  readonly name = 's3 (not configured)'
  readonly #detail: string

  constructor({ missing }: { missing: readonly string[] }) {
    const names = new Intl.ListFormat('en').format(missing)
    this.#detail = `${names} ${missing.length === 1 ? 'is' : 'are'} not set`
  }

  upload = () => this.#refuse()
  download = () => this.#refuse()
  size = () => this.#refuse()
  check = () => this.#refuse()

  /** Nothing can have been stored, so there is nothing to delete or to list. */
  async delete(): Promise<void> {}
  async abortUpload(): Promise<void> {}
  async *list(): AsyncGenerator<never> {}
  async *unfinishedUploads(): AsyncGenerator<never> {}

  urlOf(): undefined {}

  async #refuse(): Promise<never> {
    throw new Failure('STORAGE_NOT_CONFIGURED', {}, { detail: this.#detail })
  }
}
