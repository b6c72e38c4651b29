import type { AddRequest, RetryRequest } from './contract.ts'

export type Request =
  | ({ readonly kind: 'retry' } & RetryRequest)
  | ({ readonly kind: 'add' } & AddRequest)
  /** Files were removed, so that the summary is out of date. */
  | { readonly kind: 'recount' }

const FILE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What was asked for and is not done yet, in the order of its coming. */
export class Requests {
  #waiting: Request[] = []

  push(request: Request): void {
    this.#waiting.push(request)
  }

  /** The first one, which no longer waits then. */
  take(): Request | undefined {
    return this.#waiting.shift()
  }

  /** Those of one kind, which no longer wait then. */
  takeAll<K extends Request['kind']>(kind: K): Extract<Request, { kind: K }>[] {
    const taken = this.#waiting.filter((request): request is Extract<Request, { kind: K }> => request.kind === kind)
    this.#waiting = this.#waiting.filter((request) => request.kind !== kind)
    return taken
  }

  has(...kinds: readonly Request['kind'][]): boolean {
    return this.#waiting.some(({ kind }) => kinds.includes(kind))
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }
}

/** Signals may come from anybody's keyboard: what cannot be an id is left out, so that a slip does not end the run. */
export function idsIn(fileIds: unknown): string[] {
  return [fileIds].flat().flatMap((id) => toId(id) ?? [])
}

/** As Postgres writes it, or undefined for what cannot be an id. */
export function toId(id: unknown): string | undefined {
  const lowered = typeof id === 'string' ? id.toLowerCase() : ''
  return FILE_ID.test(lowered) ? lowered : undefined
}
