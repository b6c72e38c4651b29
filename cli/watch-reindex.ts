import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from './api/api-client.ts'
import type { ReindexJson } from './api/reindex-api.ts'
import { EXIT } from './exit-codes.ts'
import { interruptible } from './interrupt.ts'
import { count } from './output.ts'
import { ProgressLine } from './progress-line.ts'

const LOOK_EVERY_MS = 1_000
const MOVES: readonly ReindexJson['status'][] = ['building', 'verifying', 'rolling_back', 'cleaning']

/** Shows how far a re-index is, until it waits for somebody or has ended. @returns as it is then */
export function watchReindex(
  { reindexes }: ApiClient,
  begun: ReindexJson,
  { quiet = false } = {},
): Promise<ReindexJson> {
  const { expert_id: id } = begun
  const says = () => `The re-index goes on. To see it again: expertsmith reindex ${id} --status --watch`
  return interruptible(says, async (signal) => {
    const line = new ProgressLine({ quiet })
    try {
      let reindex = begun
      while (MOVES.includes(reindex.status)) {
        line.show(toProgress(reindex))
        await delay(LOOK_EVERY_MS, undefined, { signal })
        reindex = await reindexes.get(id)
      }
      return reindex
    } finally {
      line.stop()
    }
  })
}

function toProgress({ status, progress: { files, built, failed } }: ReindexJson) {
  const parts = [`${built}/${count(files, 'file')}`, ...(failed > 0 ? [`${failed} failed`] : []), status]
  return { value: built, total: files, text: parts.join(' · ') }
}

const CODES: Partial<Record<ReindexJson['status'], number>> = {
  paused: EXIT.failed,
  cancelled: EXIT.partly,
  rolled_back: EXIT.partly,
}

/** The exit code of a command that has waited for it. */
export function tellReindexOutcome({ status }: Pick<ReindexJson, 'status'>): void {
  const code = CODES[status]
  if (code !== undefined) process.exitCode = code
}
