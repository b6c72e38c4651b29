import { ApiError } from './api/api-error.ts'
import type { NamedFailure } from './failure-lines.ts'

/** Does something with each item, one after the other, and goes on past what the API refuses. */
export async function attempt<T extends { readonly name: string }, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
) {
  const done: R[] = []
  const failed: NamedFailure[] = []
  for (const item of items) {
    try {
      done.push(await work(item))
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === 401) throw error
      failed.push({ name: item.name, code: error.code, message: error.message })
    }
  }
  return { done, failed }
}
