/** What is left over when something dies in the middle, in the order in which it is looked for. */
export const CHORES = ['start-experts', 'abort-uploads', 'remove-objects', 'remove-vectors'] as const
export type Chore = (typeof CHORES)[number]

export type ChoreOutcome = {
  /** How many leftovers there were; some fewer than that, where a worker died after its last heartbeat. */
  readonly found: number
  /** How many of them were started, aborted or removed; 0 in a dry run. Fewer than `found` where some came to be used meanwhile. */
  readonly done: number
  /** The limit of one run was reached: the next one goes on. */
  readonly more: boolean
  /** The first `EXAMPLES`: workflow ids, object keys, namespaces. */
  readonly examples: readonly string[]
}

export const EXAMPLES = 20

/** One chore, as a person reads it in the Web UI. Of a chore that failed no numbers are told, since a part could be taken for the whole. */
export type ChoreReceipt = { readonly chore: Chore } & (
  | (ChoreOutcome & { readonly failure: null })
  | { readonly failure: { readonly code: string; readonly message: string } }
)

export type HousekeepingReceipt = { readonly dry_run: boolean; readonly chores: readonly ChoreReceipt[] }
