import { Unreadable } from './unreadable.ts'

/** No good document comes near; each level costs a parser more than the one before. */
const DEEPEST = 1_000

/** @throws Unreadable TOO_LARGE */
export function checkNesting(depth: number): void {
  if (depth > DEEPEST) throw new Unreadable('TOO_LARGE', 'it is nested too deeply')
}
