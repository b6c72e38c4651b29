/**
 * Runs `work` on what `next` gives out, up to `lanes` at a time, until it gives out nothing more, or some of it throws.
 * Waits for all that was begun; then throws the first error.
 */
export async function runInLanes<T>(
  lanes: number,
  next: () => Promise<T | undefined>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let isBroken = false
  const runLane = async () => {
    for (let item = await next(); item !== undefined && !isBroken; item = await next()) await work(item)
  }
  const breaking = async () => {
    try {
      await runLane()
    } catch (error) {
      isBroken = true
      throw error
    }
  }
  const results = await Promise.allSettled(Array.from({ length: lanes }, breaking))
  const broken = results.find((result) => result.status === 'rejected')
  if (broken) throw broken.reason
}

/** Gives out the items of pages one by one; whoever asks while a page is being read waits for it. */
export class PagedQueue<T> {
  readonly #pages: AsyncIterator<readonly T[]>
  #page: T[] = []
  #exhausted = false
  #reading: Promise<void> | undefined

  constructor(pages: AsyncIterator<readonly T[]>) {
    this.#pages = pages
  }

  /** The next item, or undefined after the last page. */
  async next(): Promise<T | undefined> {
    // A loop, since those who waited for the same page may have emptied it.
    while (this.#page.length === 0 && !this.#exhausted) await this.#read()
    return this.#page.shift()
  }

  async #read(): Promise<void> {
    this.#reading ??= this.#pages
      .next()
      .then(({ done = false, value }) => {
        this.#page = done ? [] : [...value]
        this.#exhausted = done
      })
      .finally(() => {
        this.#reading = undefined
      })
    await this.#reading
  }
}
