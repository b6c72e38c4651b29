export type Interference<Request, Effect> = {
  readonly effect: Effect
  /** How many requests it hits. */
  readonly times: number
  /** Only requests that fit. */
  readonly when?: (request: Request) => boolean
}

/** What is to happen to the next requests of a server, and how often it has happened. */
export class Interferences<Request, Effect> {
  #planned: { interference: Interference<Request, Effect>; left: number }[] = []
  #struck = 0

  /** How many requests were hit. */
  get struck(): number {
    return this.#struck
  }

  plan(interference: Interference<Request, Effect>): void {
    this.#planned.push({ interference, left: interference.times })
  }

  /** The effect that this request is to have; those that were planned first come first. */
  strike(request: Request): Effect | undefined {
    const next = this.#planned.find(({ left, interference: { when } }) => left > 0 && (when?.(request) ?? true))
    if (!next) return undefined
    next.left -= 1
    this.#struck += 1
    return next.interference.effect
  }

  forget(): void {
    this.#planned = []
  }
}
