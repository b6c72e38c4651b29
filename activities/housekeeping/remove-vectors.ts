import type { ExpertNamespace } from '../../domain/keys.ts'
import { parseVectorNamespace } from '../../domain/keys.ts'
import type { CallOptions } from '../../domain/ports.ts'
import type { Ports } from '../ports.ts'
import { inPages } from './in-pages.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'

type Uses = Pick<Ports, 'vectors' | 'housekeeping' | 'housekeepingGraceMs'>

/**
 * Removes the namespaces of experts that are gone: a delayed write may have made one again after it was deleted. An
 * expert's row is there before its first vector, so a namespace whose expert's row was deleted is never needed again.
 * Generations before the current one go too, once nobody can be reading them; a newer one may be in the making.
 */
export const removeAbandonedVectors = (ports: Uses) => {
  const abandoned = (namespaces: readonly ExpertNamespace[]) =>
    ports.housekeeping.abandonedNamespaces(namespaces, new Date(Date.now() - ports.housekeepingGraceMs))
  return (input: ChoreInput) =>
    runChore<string>(input, {
      chore: 'remove-vectors',
      leftovers: (options) => leftovers(ports, abandoned, options),
      nameOf: (namespace) => namespace,
      settle: async (namespaces, options) => {
        const still = await abandoned(parse(namespaces))
        await Promise.all(still.map((namespace) => ports.vectors.deleteNamespace(namespace, options)))
        return still.length
      },
    })
}

async function* leftovers(
  { vectors }: Uses,
  abandoned: (namespaces: readonly ExpertNamespace[]) => Promise<string[]>,
  options: CallOptions,
): AsyncGenerator<string[], void> {
  for await (const page of inPages(vectors.namespaces(options), options)) yield await abandoned(parse(page))
}

/** An index may be shared with others: what is not of our form is not ours. */
const parse = (names: readonly string[]) => names.flatMap((name) => parseVectorNamespace(name) ?? [])
