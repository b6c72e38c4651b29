import { rootOf } from '../../root-of.ts'

/** What a check has found. `skipped`: there was nothing to look at. A warning is fit for work, but not as it should be in production. */
export type Finding = {
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail: string
  /** What to do, in imperative, with the command or the variable. */
  readonly fix?: string
}

export type Check = {
  readonly name: string
  /** Where one of them fails, this one is skipped. */
  readonly needs?: readonly Check[]
  /** Waited for, however they end. */
  readonly after?: readonly Check[]
  readonly find: (signal: AbortSignal) => Promise<Finding>
  /** What it means that `find` throws. */
  readonly explain?: (error: unknown) => Omit<Finding, 'status'>
}

export type Group = {
  readonly name: string
  readonly checks: readonly Check[]
  /** Takes away whatever its checks have left, and closes what they opened. */
  readonly close?: () => Promise<void>
}

export type Result = {
  readonly name: string
  readonly status: Finding['status']
  readonly detail: string
  readonly fix?: string
  readonly milliseconds: number
}

export const ok = (detail: string): Finding => ({ status: 'ok', detail })
export const skipped = (detail: string): Finding => ({ status: 'skipped', detail })
export const warning = (detail: string, fix: string): Finding => ({ status: 'warning', detail, fix })
export const failed = (detail: string, fix: string): Finding => ({ status: 'failed', detail, fix })

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What clients of HTTP and gRPC throw says why in its cause, or in that one's. */
export const reasonOf = (error: unknown): string => messageOf(rootOf(error)) || 'no connection'
