/* Citations in an answer as it is written: [1], or [1][3]; models also write [1, 3]. [0] says that no passage answers. */

const MARKER = /[ \t]?\[(?=[\d, \t]{1,40}\])\d{1,3}(?:[ \t]*,[ \t]*\d{1,3})*\]/g
/** What may still become a marker, with the space before it. */
const UNFINISHED = /[ \t]?(?:\[[\d, \t]{0,40})?$/
const OPEN = /\[[\d, \t]*$/
const NONE = 0

/**
 * Lets an answer through as it is written, with one form of marker, `[1][3]`, and with those only that stand for a passage.
 * What may be the beginning of a marker is kept back until it is known, so that none is split.
 */
export class CitationMarkers {
  readonly #passages: number
  #held = ''
  #shown = ''
  /** How many citations were taken out, since nothing was given under their numbers. */
  removed = 0
  /** Whether the model said that the passages do not have the answer. */
  isUnanswered = false

  /** @param passages how many were given: 1 … passages may be cited */
  constructor(passages: number) {
    this.#passages = passages
  }

  /** All that was let through. */
  get shown(): string {
    return this.#shown
  }

  /** @returns what can be shown by now */
  push(text: string): string {
    const all = this.#held + text
    const end = UNFINISHED.exec(all)?.index ?? all.length
    this.#held = all.slice(end)
    return this.#show(all.slice(0, end))
  }

  /** @returns what was kept back, once nothing more comes */
  end(): string {
    const rest = this.#held
    this.#held = ''
    return this.#show(rest)
  }

  #show(text: string): string {
    const start = this.#shown.length
    let end = 0
    for (const { 0: marker, index } of text.matchAll(MARKER)) {
      this.#shown += text.slice(end, index)
      this.#shown += this.#known(marker)
      end = index + marker.length
    }
    this.#shown += text.slice(end)
    // An answer that began with a marker which is not shown.
    if (start === 0) this.#shown = this.#shown.trimStart()
    return this.#shown.slice(start)
  }

  #known(marker: string): string {
    const numbers = (marker.match(/\d+/g) ?? []).map(Number)
    const known = numbers.filter((number) => number > NONE && number <= this.#passages)
    this.isUnanswered ||= numbers.includes(NONE)
    this.removed += numbers.filter((number) => number !== NONE).length - known.length
    const space = /^[ \t]?/.exec(marker)?.[0]
    if (known.length > 0) return space + known.map((number) => `[${number}]`).join('')
    // What stands around it must not become a marker: [7[9]].
    return OPEN.test(this.#shown.slice(-50)) ? '.' : ''
  }
}
