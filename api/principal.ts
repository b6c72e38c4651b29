import type { Scope } from '../domain/api-key.ts'

/** Who a request is from, and what it may do. */
export type Principal = {
  readonly userId: string
  readonly scopes: readonly Scope[]
  /** How its key is called; undefined where none was needed. */
  readonly key?: string
}

/** The one user while there are no keys. */
export const LOCAL_USER_ID = '00000000-0000-4000-8000-000000000001'
