import { activityInfo, cancellationSignal } from '@temporalio/activity'
import type { MetricMeter } from '@temporalio/common'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import type { EmbeddedFile } from '../activities/file-refs.ts'
import type { Activities } from '../activities/index.ts'
import type { Stage } from '../domain/failure.ts'
import { isCancelled } from '../domain/is-cancelled.ts'
import type { FileFailure } from '../domain/ports.ts'

type ActivityName = keyof Activities

const STAGE_OF: Partial<Record<ActivityName, Stage>> = {
  downloadFile: 'download',
  extractText: 'extract',
  embedChunks: 'embed',
  upsertVectors: 'store',
}

/** Counts what becomes of files, and times their stages, by what activities are given and return. */
export class StageMetrics implements ActivityInboundCallsInterceptor {
  readonly #files
  readonly #tokens
  readonly #duration

  constructor(meter: MetricMeter) {
    this.#files = meter.createCounter('expertsmith_files_settled', '', 'Files that were indexed, failed or put back')
    this.#tokens = meter.createCounter('expertsmith_tokens', '', 'Tokens of chunks, embedded or reused')
    this.#duration = meter.createHistogram(
      'expertsmith_stage_duration',
      'float',
      'seconds',
      'One try of a stage of a file',
    )
  }

  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const activity = activityInfo().activityType as ActivityName
    const start = performance.now()
    try {
      const result = await next(input)
      this.#time(activity, start, 'ok')
      this.#count(activity, input.args[0], result)
      return result
    } catch (error) {
      this.#time(activity, start, codeOf(error))
      throw error
    }
  }

  #time(activity: ActivityName, start: number, outcome: string): void {
    const stage = STAGE_OF[activity]
    if (stage) this.#duration.record((performance.now() - start) / 1_000, { stage, outcome })
  }

  #count(activity: ActivityName, input: unknown, result: unknown): void {
    if (activity === 'embedChunks') {
      const { tokens, tokensReused } = result as EmbeddedFile
      this.#tokens.add(tokens - tokensReused, { source: 'embedded' })
      this.#tokens.add(tokensReused, { source: 'reused' })
    }
    const settled = SETTLED[activity]?.(input)
    if (settled) this.#files.add(1, settled)
  }
}

type Settled = { readonly outcome: string; readonly stage: string; readonly code: string }

const SETTLED: Partial<Record<ActivityName, (input: unknown) => Settled>> = {
  upsertVectors: () => ({ outcome: 'indexed', stage: 'store', code: '' }),
  recordFailure: (input) => {
    const { stage, code } = input as FileFailure
    return { outcome: 'failed', stage, code }
  },
  postponeFile: () => ({ outcome: 'postponed', stage: '', code: '' }),
}

/** The code of a failure, as the interceptor of failures has made it Temporal's. */
function codeOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? 'INTERNAL'
  return error instanceof CancelledFailure || isCancelled(error, cancellationSignal()) ? 'CANCELLED' : 'INTERNAL'
}
