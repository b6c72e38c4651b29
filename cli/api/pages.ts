import type { ApiConnection } from './api-connection.ts'

type Page<T> = { readonly items: T[]; readonly next_cursor: string | null }

const LARGEST_PAGE = 1_000

/** The items of a list, page by page, as the API orders them. @param path without limit and cursor */
export async function* itemsOf<T>(connection: ApiConnection, path: string, page = LARGEST_PAGE): AsyncGenerator<T> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = `limit=${Math.min(page, LARGEST_PAGE)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const answer: Page<T> = await connection.json('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`)
    yield* answer.items
    cursor = answer.next_cursor
  }
}

/** The first `limit` of them, and whether there are more. */
export async function firstOf<T>(items: AsyncIterable<T>, limit: number): Promise<{ items: T[]; more: boolean }> {
  const first: T[] = []
  for await (const item of items) {
    if (first.length === limit) return { items: first, more: true }
    first.push(item)
  }
  return { items: first, more: false }
}
