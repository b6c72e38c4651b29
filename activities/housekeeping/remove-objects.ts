import { derivedFrom, isOriginalKey, OBJECT_FOLDERS } from '../../domain/keys.ts'
import type { CallOptions } from '../../domain/ports.ts'
import type { Ports } from '../ports.ts'
import { inPages } from './in-pages.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'
import { checkSoleUse, markUse } from './sole-use.ts'

type Uses = Pick<Ports, 'objects' | 'housekeeping' | 'housekeepingGraceMs'>

/**
 * Removes originals that no file points to, and what was derived of contents that no file has.
 *
 * The grace period is what makes that safe while others write. An original is written under a key of its own, and a row
 * is pointed to it within the same request: once that request is over, nothing will ever point to a key that nothing
 * points to now. Derived objects of a running expert belong to a file that has a row.
 */
export const removeObjects = (ports: Uses) => (input: ChoreInput) =>
  runChore<string>(input, {
    chore: 'remove-objects',
    leftovers: (options) => leftovers(ports, input, options),
    nameOf: (key) => key,
    settle: async (keys, options) => {
      // Again, since the same content may have been uploaded meanwhile, which would then use what was derived before.
      const still = await withoutFile(ports, keys)
      await Promise.all(still.map((key) => ports.objects.delete(key, options)))
      return still.length
    },
  })

async function* leftovers(ports: Uses, { dryRun }: ChoreInput, options: CallOptions): AsyncGenerator<string[], void> {
  const before = new Date(Date.now() - ports.housekeepingGraceMs)
  let isChecked = false
  for (const folder of OBJECT_FOLDERS)
    for await (const page of inPages(ports.objects.list(folder, options), options)) {
      const old = page.filter(({ modified }) => modified < before).map(({ key }) => key)
      const keys = await withoutFile(ports, old)
      if (keys.length === 0) continue
      if (!isChecked && !dryRun) await markUse(ports, options)
      if (!isChecked) await checkSoleUse(ports, options)
      isChecked = true
      yield keys
    }
}

/** Keys that are not of our form are nobody's here, so they are left out. */
async function withoutFile({ housekeeping }: Uses, keys: readonly string[]): Promise<string[]> {
  const contents = new Set(keys.map(derivedFrom).filter((sha256) => sha256 !== undefined))
  const [originals, gone] = await Promise.all([
    housekeeping.keysWithoutFile(keys.filter(isOriginalKey)),
    housekeeping.contentsWithoutFile([...contents]),
  ])
  const lost = new Set(originals)
  const unused = new Set<string | undefined>(gone)
  return keys.filter((key) => lost.has(key) || unused.has(derivedFrom(key)))
}
