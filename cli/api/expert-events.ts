import type { ExpertJson } from './experts-api.ts'
import type { ServerSentEvent } from './server-sent-events.ts'

export type ExpertProgress = ExpertJson['progress'] & {
  readonly status: ExpertJson['status']
  readonly status_reason: string | null
  readonly files_per_second: number
  readonly eta_seconds: number | null
}

/** What docs/events.md lists, as far as a command looks at it. */
export type ExpertEvent =
  | ({ readonly event: 'progress' } & ExpertProgress)
  | { readonly event: 'summary' }
  | { readonly event: 'deleted' }
  | { readonly event: 'file' }

export const toExpertEvent = ({ event, data }: ServerSentEvent): ExpertEvent =>
  ({ ...JSON.parse(data), event }) as ExpertEvent
