import { CancellationScope, condition, isCancellation } from '@temporalio/workflow'

/** The files that are being processed, each in a scope of its own, so that one can be taken out. */
export class FilesInFlight {
  readonly #scopes = new Map<string, CancellationScope>()
  readonly #takenOut = new Set<string>()

  /** @returns what `work` returns, or undefined for a file that is, or meanwhile was, taken out */
  async run<T>(fileId: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#takenOut.has(fileId)) return undefined
    const scope = new CancellationScope()
    this.#scopes.set(fileId, scope)
    try {
      const result = await scope.run(work)
      return this.#takenOut.has(fileId) ? undefined : result
    } catch (error) {
      if (this.#takenOut.has(fileId) && isCancellation(error)) return undefined
      throw error
    } finally {
      this.#scopes.delete(fileId)
    }
  }

  has(fileId: string): boolean {
    return this.#scopes.has(fileId)
  }

  /** Cancels what works on these files, now or later. Resolves once nothing does. */
  async takeOut(fileIds: readonly string[]): Promise<void> {
    for (const fileId of fileIds) {
      this.#takenOut.add(fileId)
      this.#scopes.get(fileId)?.cancel()
    }
    await condition(() => !fileIds.some((fileId) => this.#scopes.has(fileId)))
  }

  /** They may be processed again. */
  putBack(fileIds: readonly string[]): void {
    for (const fileId of fileIds) this.#takenOut.delete(fileId)
  }
}
