import { ApiError, ApiUnreachable } from './api/api-error.ts'
import { failureOf, isHopeless } from './api-failure.ts'
import type { NamedFailure } from './failure-lines.ts'

/** Does something with each item, one after the other, and goes on past what the API refuses; what is hopeless for all, the rest fails by untried. */
export async function attempt<T extends { readonly name: string }, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
) {
  const done: R[] = []
  const failed: NamedFailure[] = []
  let hopeless: Error | undefined
  for (const item of items) {
    try {
      if (hopeless) throw hopeless
      done.push(await work(item))
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ApiUnreachable)) throw error
      if (isHopeless(error)) hopeless = error
      failed.push({ name: item.name, ...failureOf(error) })
    }
  }
  return { done, failed }
}
