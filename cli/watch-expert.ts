import type { ApiClient } from './api/api-client.ts'
import type { ExpertEvent, ExpertProgress } from './api/expert-events.ts'
import type { ExpertJson } from './api/experts-api.ts'
import { EXIT } from './exit-codes.ts'
import { interruptible } from './interrupt.ts'
import { count, seconds } from './output.ts'
import { ProgressLine } from './progress-line.ts'

/**
 * Shows how far an expert is, until its pass has ended, or is paused until somebody does something.
 * @returns the expert as it is then; undefined where it was deleted
 */
export async function watchExpert(
  { experts }: ApiClient,
  { id }: Pick<ExpertJson, 'id'>,
  { quiet = false } = {},
): Promise<ExpertJson | undefined> {
  const says = () => `The expert goes on. To see it again: expertsmith status ${id} --watch`
  return interruptible(says, async (signal) => {
    const line = new ProgressLine({ quiet })
    try {
      const last = await lastOf(experts.events(id, signal), line)
      return last?.event === 'deleted' ? undefined : await experts.get(id)
    } finally {
      line.stop()
    }
  })
}

async function lastOf(events: AsyncIterable<ExpertEvent>, line: ProgressLine): Promise<ExpertEvent | undefined> {
  for await (const event of events) {
    if (event.event === 'progress') line.show(toProgress(event))
    if (isLast(event)) return event
  }
  return undefined
}

const isLast = (event: ExpertEvent) =>
  event.event === 'summary' || event.event === 'deleted' || (event.event === 'progress' && waitsForSomebody(event))

/** Not where the tokens of the day are used up, or held: then it goes on by itself. */
const waitsForSomebody = ({ status, status_reason }: ExpertProgress) =>
  status === 'paused' && !status_reason?.startsWith('TOKEN_QUOTA_EXHAUSTED:')

/** As a bar shows it. */
export function toProgress(progress: ExpertProgress) {
  const { status, files, indexed, failed, files_per_second: rate, eta_seconds: left } = progress
  const goesOn = status === 'paused' && !waitsForSomebody(progress)
  const parts = [
    `${indexed + failed}/${count(files, 'file')}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(rate > 0 ? [`${rate.toFixed(1)}/s`] : []),
    ...(left !== null && left > 0 ? [`${seconds(left)} left`] : []),
    ...(status === 'processing' ? [] : [status]),
    ...(goesOn ? ['goes on by itself'] : []),
  ]
  return { value: indexed + failed, total: files, text: parts.join(' · ') }
}

type Outcome = ExpertJson['status'] | 'deleted'

const CODES: Partial<Record<Outcome, number>> = {
  partially_ready: EXIT.partly,
  cancelled: EXIT.partly,
  failed: EXIT.failed,
  paused: EXIT.failed,
  deleted: EXIT.failed,
}

/** The exit code of a command that has waited for an expert. */
export function tellOutcome(outcome: Outcome): void {
  const code = CODES[outcome]
  if (code !== undefined) process.exitCode = code
}
