import { isFinal } from '../domain/expert.ts'
import type { ChangedFile, ExpertLook } from '../domain/ports.ts'
import { eventStreamContent } from './event-stream-content.ts'
import { EXPERT_EVENTS } from './examples/answers.ts'
import { serverSentEvent as event } from './server-sent-event.ts'

export const DELETED = event('deleted', {})

export const EventStreamAnswer = {
  description: 'Server-sent events: progress, file, summary, deleted; comments in between.',
  content: eventStreamContent(['progress', 'file', 'summary', 'deleted'], EXPERT_EVENTS),
}

/** When the pass ended whose summary stands; undefined while there is none, or another pass is under way. */
export const passEndOf = ({ status, summarizedAt }: ExpertLook): number | undefined =>
  isFinal(status) ? summarizedAt?.getTime() : undefined

export const progressEvent = ({ status, statusReason, progress, filesPerSecond }: ExpertLook): string =>
  event('progress', {
    status,
    status_reason: statusReason,
    ...progress,
    files_per_second: Math.round(filesPerSecond * 100) / 100,
    eta_seconds: filesPerSecond > 0 ? Math.ceil(progress.pending / filesPerSecond) : null,
  })

/** Only the last of them has an id, so that whoever is cut off in the middle is told all of them again. */
export function eventsOf(look: ExpertLook, files: readonly ChangedFile[], withSummary: boolean): Buffer {
  const events = [progressEvent(look), ...files.map(fileEvent)]
  if (withSummary) events.push(event('summary', look.summary))
  const last = events.pop() ?? ''
  return Buffer.from(`${events.join('')}id: ${look.cursor}\n${last}`)
}

const fileEvent = ({ fileId, changedBy: _, ...file }: ChangedFile) => event('file', { file_id: fileId, ...file })
