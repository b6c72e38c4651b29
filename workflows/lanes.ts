/**
 * Runs `work` on what `next` gives out, up to `lanes` at a time, until it gives out nothing more.
 * Waits for all that was begun, also when some of it throws; then throws the first error.
 */
export async function runInLanes<T>(
  lanes: number,
  next: () => Promise<T | undefined>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const runLane = async () => {
    for (let item = await next(); item !== undefined; item = await next()) await work(item)
  }
  const results = await Promise.allSettled(Array.from({ length: lanes }, runLane))
  const broken = results.find((result) => result.status === 'rejected')
  if (broken) throw broken.reason
}

/** Gives out the items of pages one by one; whoever asks while a page is being read waits for it. */
export class PagedQueue<T> {
  readonly #readPage: () => Promise<readonly T[]>
  #page: T[] = []
  #exhausted = false
  #reading: Promise<void> | undefined

  constructor(readPage: () => Promise<readonly T[]>) {
    this.#readPage = readPage
  }

  /** The next item, or undefined once a page was empty. */
  async next(): Promise<T | undefined> {
    // A loop, since those who waited for the same page may have emptied it.
    while (this.#page.length === 0 && !this.#exhausted) await this.#read()
    return this.#page.shift()
  }

  async #read(): Promise<void> {
    this.#reading ??= this.#readPage()
      .then((page) => {
        this.#page = [...page]
        this.#exhausted = page.length === 0
      })
      .finally(() => {
        this.#reading = undefined
      })
    await this.#reading
  }
}
