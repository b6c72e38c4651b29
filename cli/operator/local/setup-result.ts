export type WantedModel = { readonly repository: string; readonly revision: string }

/** What `setup local` has done, as `--json` prints it. */
export type SetupResult = {
  readonly package: {
    readonly name: string
    readonly version: string
    readonly dir: string
    readonly bytes: number
    /** Whether it was not there before. */
    readonly is_new: boolean
  }
  readonly model: {
    readonly dir: string
    readonly bytes: number
    readonly is_new: boolean
    /** Null: a folder of the user's own. */
    readonly origin: { readonly hub: string; readonly repository: string; readonly revision: string } | null
  }
  readonly check: {
    readonly model: string
    readonly dimensions: number
    readonly tokens_per_input: number
    readonly alike: number
    readonly unlike: number
    readonly passages_per_second: number
    readonly threads: number
  }
}
