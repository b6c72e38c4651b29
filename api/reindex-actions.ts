import type { Reindex, ReindexStatus } from '../domain/reindex.ts'
import { isOpen } from '../domain/reindex.ts'
import { cancelReindex, finishReindex, pauseReindex, resumeReindex, rollBackReindex } from '../workflows/contract.ts'
import { Problem } from './problem.ts'

/** What can be asked of a re-index, by the last part of its address. */
export const REINDEX_ACTIONS = {
  pause: {
    operationId: 'pauseReindex',
    signal: pauseReindex,
    summary: 'Pause a re-index',
    description: 'Files that are in flight end, others are not begun. The old vectors serve on.',
  },
  resume: {
    operationId: 'resumeReindex',
    signal: resumeReindex,
    summary: 'Go on with a re-index that is paused',
    description: 'Tries files that failed again.',
  },
  cancel: {
    operationId: 'cancelReindex',
    signal: cancelReindex,
    summary: 'Cancel a re-index, before it switches',
    description: 'What was built is removed; nothing else has changed.',
  },
  rollback: {
    operationId: 'rollBackReindex',
    signal: rollBackReindex,
    summary: 'Have the old vectors serve again, after the switch',
    description:
      'For ROLLBACK_WINDOW. Files that were added since are made with the old model first, so nothing is missing then.',
  },
  finish: {
    operationId: 'finishReindex',
    signal: finishReindex,
    summary: 'Remove the old vectors now, after the switch',
    description: 'There is no way back then. Ends a roll-back that has not switched, too.',
  },
} as const

export type ReindexAction = keyof typeof REINDEX_ACTIONS

type Standing = Pick<Reindex, 'status' | 'isSwitched' | 'switchedAt'>

/** Ends in which what is asked for is so already. */
const ALREADY: Readonly<Record<ReindexAction, readonly ReindexStatus[]>> = {
  pause: [],
  resume: [],
  cancel: ['cancelled'],
  rollback: ['rolled_back'],
  finish: ['done'],
}

/**
 * Whether there is something to be signalled; not where it is so already.
 * @throws Problem REINDEX_NOT_NOW where it makes no sense as things stand
 */
export function checkAction(action: ReindexAction, standing: Standing): boolean {
  const { status } = standing
  if (ALREADY[action].includes(status)) return false
  if (!isOpen(status)) throw new Problem('REINDEX_NOT_NOW', { detail: `It has ended: ${status}.` })
  const why = whyNot(action, standing)
  if (why) throw new Problem('REINDEX_NOT_NOW', { detail: why })
  // Also while it is cleaned up: where somebody has ended its run, the signal has another one go on.
  return true
}

function whyNot(action: ReindexAction, { status, isSwitched, switchedAt }: Standing): string | undefined {
  if (action === 'cancel') return isSwitched || switchedAt ? 'It has switched: roll it back instead.' : undefined
  if (action === 'rollback' || action === 'finish') {
    if (!switchedAt) return 'It has not switched yet: cancel it instead.'
    const isTooLate = status === 'cleaning' && isSwitched === (action === 'rollback')
    return isTooLate ? 'It is too late: the other vectors are being removed.' : undefined
  }
  return status === 'switched' || status === 'cleaning' ? `Nothing is being built: it is ${status}.` : undefined
}
