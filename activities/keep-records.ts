import type { FailureCode } from '../domain/failure.ts'
import type { Ports } from './ports.ts'

type OneExpert = { readonly expertId: string }

/** The activities that only read or write the expert's rows. */
export const keepRecords = ({ runs, budget }: Pick<Ports, 'runs' | 'budget'>) => ({
  async listPendingFiles({ expertId, after, limit }: OneExpert & { after: string; limit: number }) {
    const { files, last } = await runs.pendingFiles(expertId, after, limit)
    return { files: files.map((file) => ({ expertId, ...file })), last }
  },

  attachFiles: ({ expertId, fileIds = [] }: OneExpert & { fileIds?: readonly string[] }) =>
    runs.addFiles(expertId, fileIds),

  requeueFiles: ({ expertId, fileIds }: OneExpert & { fileIds?: readonly string[] }) => runs.requeue(expertId, fileIds),

  markRemoving: ({ expertId, fileIds }: OneExpert & { fileIds: readonly string[] }) =>
    runs.markRemoving(expertId, fileIds),

  detachFiles: ({ expertId, fileIds }: OneExpert & { fileIds: readonly string[] }) => runs.detach(expertId, fileIds),

  countFiles: ({ expertId }: OneExpert) => runs.progress(expertId),

  /** @returns in how many milliseconds what it waits for is there; nothing where nobody can say */
  async pauseExpert({ expertId, code, reason }: OneExpert & { code: FailureCode; reason: string }) {
    await runs.setStatus(expertId, 'paused', reason)
    if (code !== 'TOKEN_QUOTA_EXHAUSTED') return undefined
    const expert = await runs.find(expertId)
    return expert && { goesOnInMs: await budget.waitFor(expert.userId) }
  },

  resumeExpert: ({ expertId }: OneExpert) => runs.setStatus(expertId, 'processing'),

  summarizePass: ({ expertId }: OneExpert) => runs.summarize(expertId),
})
