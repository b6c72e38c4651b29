import type { CallOptions } from '../../domain/ports.ts'

/** What one query asks about. */
const PAGE = 500

/** Gathers what comes one by one; a listing may be endless, so each page is where it can be stopped. */
export async function* inPages<T>(items: AsyncIterable<T>, { signal }: CallOptions): AsyncGenerator<T[], void> {
  let page: T[] = []
  for await (const item of items) {
    page.push(item)
    if (page.length < PAGE) continue
    signal?.throwIfAborted()
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
