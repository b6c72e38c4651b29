import { createHash, randomBytes } from 'node:crypto'

/** `read`: everything that changes nothing, searching included; `write`: everything about files and experts; `admin`: keys and metrics. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** A key as it may be shown: nobody can make a request with it. */
export type ApiKey = {
  readonly id: string
  /** Whose data it gives access to. */
  readonly userId: string
  readonly name: string
  /** How the key begins, so that people recognise it. */
  readonly prefix: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  /** Null: never. */
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  /** To the minute. */
  readonly lastUsedAt: Date | null
}

export type NewSecret = { readonly key: string; readonly prefix: string; readonly hash: Buffer }

const SECRET_BYTES = 32
const PREFIX_LENGTH = 12

export function newSecret(): NewSecret {
  const key = `esk_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { key, prefix: key.slice(0, PREFIX_LENGTH), hash: hashOf(key) }
}

/** A key is 256 random bits, which nobody guesses: unlike a password it needs no slow hash. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest()
