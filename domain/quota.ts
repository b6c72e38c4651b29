/** What a user may have, and use up; what is undefined has no limit. */
export type Quota = {
  readonly files?: number | undefined
  /** Of all files together. */
  readonly bytes?: number | undefined
  /** Embedded on one day, which begins at 00:00 UTC. */
  readonly tokensPerDay?: number | undefined
}

/** What holds for one user instead of the configuration; null: no limit; absent: as configured. */
export type QuotaOverride = { readonly [K in keyof Quota]?: number | null }

export type Space = { readonly files: number; readonly bytes: number }

/** A file that the user's quota has no room for. */
export class QuotaExceeded extends Error {
  override readonly name = 'QuotaExceeded'
  readonly quota: keyof Space
  readonly limit: number
  /** Without what was asked for. */
  readonly used: number
  readonly asked: number

  constructor(quota: keyof Space, limit: number, used: number, asked: number) {
    super(`The quota of ${quota} is ${limit}; ${used} are used, and ${asked} were asked for.`)
    this.quota = quota
    this.limit = limit
    this.used = used
    this.asked = asked
  }
}

/** Whoever has too much already may still replace a file by a smaller one. @throws QuotaExceeded */
export function checkSpace(quota: Quota, used: Space, asked: Space): void {
  for (const what of ['files', 'bytes'] as const) {
    const limit = quota[what]
    if (limit !== undefined && asked[what] > 0 && used[what] + asked[what] > limit)
      throw new QuotaExceeded(what, limit, used[what], asked[what])
  }
}

/** The quota of a user for whom something else may hold than for others. */
export function withOverride(quota: Quota, override: QuotaOverride): Quota {
  const limitOf = (what: keyof Quota) => (override[what] === undefined ? quota[what] : (override[what] ?? undefined))
  return { files: limitOf('files'), bytes: limitOf('bytes'), tokensPerDay: limitOf('tokensPerDay') }
}
