import type { ReindexProgress } from '../domain/reindex.ts'

/** How far the files were at the end of the last pass, and how many in a row have left them as they were before. */
export type Passes = Pick<ReindexProgress, 'built' | 'pending'> & { readonly inVain: number }

/** A pass may meet files that are replaced meanwhile, once or twice. */
const IN_VAIN_AT_MOST = 1

export function countPass(before: Passes | undefined, { built, pending }: ReindexProgress): Passes {
  const isInVain = before?.built === built && before.pending === pending
  return { built, pending, inVain: isInVain ? before.inVain + 1 : 0 }
}

/** Whether another pass would hardly do better. */
export const areInVain = ({ inVain, pending }: Passes): boolean => pending > 0 && inVain > IN_VAIN_AT_MOST
