/** `revision`: a commit, a branch or a tag; undefined: what is there, or else the newest. */
export type WantedModel = { readonly repository: string; readonly revision: string | undefined }

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
    readonly origin: {
      readonly hub: string
      readonly repository: string
      /** A commit, where the hub says it. */
      readonly revision: string
      /** The branch, tag or commit that was asked for. */
      readonly asked: string | null
    } | null
    /** The one that it takes the place of, which is kept: experts may have been made with it. */
    readonly former: { readonly model: string; readonly dir: string; readonly bytes: number } | null
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
