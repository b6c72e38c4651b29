/** Stops whoever comes to it, until it is opened. */
export class Gate {
  readonly #arrival = Promise.withResolvers<void>()
  readonly #opening = Promise.withResolvers<void>()

  /** Resolves once somebody stands at the gate. */
  get arrival(): Promise<void> {
    return this.#arrival.promise
  }

  pass(): Promise<void> {
    this.#arrival.resolve()
    return this.#opening.promise
  }

  open(): void {
    this.#opening.resolve()
  }
}
