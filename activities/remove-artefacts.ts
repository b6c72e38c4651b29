import { inBatches } from '../domain/in-batches.ts'
import { derivedFolder } from '../domain/keys.ts'
import type { CallOptions } from '../domain/ports.ts'
import { earlierAttempt } from './earlier-attempt.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type Uses = Pick<Ports, 'runs' | 'objects'>
type OneExpert = { readonly expertId: string }
type SomeFiles = OneExpert & { readonly fileIds: readonly string[] }
type Removed = { readonly artefacts: number }
/** Pages of checksums in their order, of those behind `after`. */
type Contents = (after: string) => AsyncIterable<readonly string[]>
/** `artefacts`: with those of the batch that follows `after`, which may be deleted in part. */
type Told = Removed & { readonly after: string }

const PAGE_SIZE = 500
/** Few, since somebody may take a content up after it was looked at; a page has a whole number of batches. */
const BATCH = 20

/** Deletes what was derived from these files, which are being removed, save for contents that stay in use. */
export const removeFileArtefacts =
  (ports: Uses) =>
  ({ expertId, fileIds }: SomeFiles): Promise<Removed> =>
    deleteUnused(ports, async function* (after) {
      const files = await ports.runs.removing(expertId, fileIds)
      const contents = new Set(files.flatMap(({ sha256 }) => (sha256 && sha256 > after ? [sha256] : [])))
      yield [...contents].sort()
    })

/** Deletes what was derived for this expert, which is being deleted, save for contents that stay in use. */
export const removeArtefacts =
  ({ runs, objects }: Uses) =>
  ({ expertId }: OneExpert): Promise<Removed> =>
    deleteUnused({ runs, objects }, async function* (after) {
      let page = await runs.contents(expertId, after, PAGE_SIZE)
      for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
        yield page
        page = await runs.contents(expertId, last, PAGE_SIZE)
      }
    })

/**
 * A batch is counted, and Temporal told, before any of it is deleted: an attempt that takes over from one that was killed
 * neither counts anything twice nor misses what is gone.
 */
const deleteUnused = (ports: Uses, contents: Contents): Promise<Removed> =>
  heartbeating(async (options, _beat, keep) => {
    const told = earlierAttempt<Told>()
    let { after = '', artefacts = 0 } = told
    for await (const page of contents(after))
      for (const batch of inBatches(page, BATCH)) {
        const keys = await unusedArtefacts(ports, batch, options)
        if (after !== told.after) artefacts += keys.length
        await keep({ after, artefacts } satisfies Told)
        for (const key of keys) await ports.objects.delete(key, options)
        after = batch.at(-1) ?? after
      }
    return { artefacts }
  })

/** The keys of what was derived from those of these contents that nobody uses. */
async function unusedArtefacts({ runs, objects }: Uses, contents: readonly string[], options: CallOptions) {
  const keys: string[] = []
  for (const sha256 of contents)
    if (!(await runs.isContentUsed(sha256)))
      for await (const { key } of objects.list(derivedFolder(sha256), options)) keys.push(key)
  return keys
}
