type Outcome = {
  /** Of the last call. */
  readonly at: Date
  /** Of the first of the calls that ended so, one after the other. */
  readonly since: Date
  /** Of the failure; undefined where it was answered. */
  readonly code: string | undefined
}

/** How the last call to a service ended: what costs money or quota is not asked just to know whether it answers. */
export class LastCall {
  #outcome: Outcome | undefined

  /** Undefined where nobody has asked yet. */
  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  note(code?: string, at = new Date()): void {
    const before = this.#outcome
    this.#outcome = { at, code, since: before && before.code === code ? before.since : at }
  }
}
