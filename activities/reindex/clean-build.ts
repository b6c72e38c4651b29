import { log } from '@temporalio/activity'
import { Failure } from '../../domain/failure.ts'
import { derivedFolder, recipeOfKey, recipeStem, vectorNamespace } from '../../domain/keys.ts'
import type { CallOptions } from '../../domain/ports.ts'
import type { BuildRef, DerivedFile, ReindexReceipt } from '../../domain/reindex.ts'
import { earlierAttempt } from '../earlier-attempt.ts'
import { heartbeating } from '../heartbeating.ts'
import type { Ports } from '../ports.ts'

type Uses = Pick<Ports, 'builds' | 'objects' | 'vectors'>
export type Cleaned = Pick<ReindexReceipt, 'outcome' | 'vectors_deleted' | 'vectors_left' | 'artefacts_deleted'>
/** What an attempt that takes over has to know. `after`: of the files whose artefacts are gone. */
type Told = { readonly vectors: number; readonly artefacts: number; readonly after?: string }

const PAGE = 100

/** Removes the generation that does not serve: its vectors, then what was derived for it alone, then its rows. */
export const cleanBuild =
  (ports: Uses) =>
  (build: BuildRef): Promise<Cleaned> =>
    heartbeating(async (options, _beat, keep) => {
      const other = await ports.builds.other(build)
      // The deletion of the expert removes all of its generations.
      if (!other) return { outcome: 'expert_deleted', vectors_deleted: 0, vectors_left: 0, artefacts_deleted: 0 }
      const namespace = vectorNamespace(build.expertId, other.generation)
      const told = earlierAttempt<Told>()
      const vectors = told.vectors ?? (await ports.vectors.count(namespace, options))
      await keep({ ...told, vectors, artefacts: told.artefacts ?? 0 } satisfies Told)
      await removeNamespace(ports, namespace, options)
      const artefacts = await removeDerived(ports, build, options, (rest) => keep({ vectors, ...rest } satisfies Told))
      const outcome = await ports.builds.close(build)
      log.info('🧹 A re-index has ended', { expertId: build.expertId, outcome, vectors, artefacts })
      return { outcome, vectors_deleted: vectors, vectors_left: 0, artefacts_deleted: artefacts }
    })

/** @throws Failure VECTOR_STORE_UNAVAILABLE where the store goes on showing what was deleted, so that it is asked again later */
async function removeNamespace({ vectors }: Uses, namespace: string, options: CallOptions): Promise<void> {
  await vectors.deleteNamespace(namespace, options)
  const left = await vectors.count(namespace, options)
  if (left === 0) return
  const detail = `${left} vectors that were deleted are still there`
  throw new Failure('VECTOR_STORE_UNAVAILABLE', { namespace }, { detail })
}

/** A page is counted, and Temporal told, before any of it is deleted, so that nothing is counted twice. */
async function removeDerived(
  ports: Uses,
  build: BuildRef,
  options: CallOptions,
  keep: (told: Pick<Told, 'artefacts' | 'after'>) => Promise<void>,
): Promise<number> {
  const told = earlierAttempt<Told>()
  let { after = '', artefacts = 0 } = told
  for (let page = await ports.builds.derived(build, after, PAGE); page.length > 0; ) {
    const keys = new Set<string>()
    for (const file of page) for (const key of await unusedOf(ports, build, file, options)) keys.add(key)
    if (after !== told.after) artefacts += keys.size
    await keep({ artefacts, after })
    for (const key of keys) await ports.objects.delete(key, options)
    after = page.at(-1)?.fileId ?? after
    page = await ports.builds.derived(build, after, PAGE)
  }
  return artefacts
}

/** The keys of what was embedded of the file by the model of the other generation, by recipes that nothing else uses. */
async function unusedOf(
  { builds, objects }: Uses,
  build: BuildRef,
  { contents, model, dimensions }: DerivedFile,
  options: CallOptions,
): Promise<string[]> {
  const keys: string[] = []
  const stem = recipeStem(model, dimensions)
  for (const sha256 of contents) {
    const isUsed = new Map<string, boolean>()
    for await (const { key } of objects.list(derivedFolder(sha256), options)) {
      const recipe = recipeOfKey(key)
      if (!recipe?.startsWith(stem)) continue
      const used = isUsed.get(recipe) ?? (await builds.isDerivedUsed(build, { sha256, recipe }))
      isUsed.set(recipe, used)
      if (!used) keys.push(key)
    }
  }
  return keys
}
