import { derivedFolder } from '../domain/keys.ts'
import type { CallOptions } from '../domain/ports.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'

type Uses = Pick<Ports, 'runs' | 'objects'>
type OneExpert = { readonly expertId: string }
type SomeFiles = OneExpert & { readonly fileIds: readonly string[] }
type Removed = { readonly artefacts: number }

const PAGE_SIZE = 500

/** Deletes what was derived from these files, which are being removed, save for contents that stay in use. */
export const removeFileArtefacts =
  (ports: Uses) =>
  ({ expertId, fileIds }: SomeFiles): Promise<Removed> =>
    heartbeating(async (options) => {
      let artefacts = 0
      for (const { sha256 } of await ports.runs.removing(expertId, fileIds))
        if (sha256) artefacts += await deleteUnused(ports, sha256, options)
      return { artefacts }
    })

/** Deletes what was derived for this expert, which is being deleted, save for contents that stay in use. */
export const removeArtefacts =
  (ports: Uses) =>
  ({ expertId }: OneExpert): Promise<Removed> =>
    heartbeating(async (options) => {
      let artefacts = 0
      for await (const sha256 of contentsOf(ports, expertId)) artefacts += await deleteUnused(ports, sha256, options)
      return { artefacts }
    })

async function* contentsOf({ runs }: Uses, expertId: string): AsyncGenerator<string> {
  let page = await runs.contents(expertId, '', PAGE_SIZE)
  for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
    yield* page
    page = await runs.contents(expertId, last, PAGE_SIZE)
  }
}

async function deleteUnused({ runs, objects }: Uses, sha256: string, options: CallOptions): Promise<number> {
  if (await runs.isContentUsed(sha256)) return 0
  let deleted = 0
  for await (const { key } of objects.list(derivedFolder(sha256), options)) {
    await objects.delete(key, options)
    deleted += 1
  }
  return deleted
}
