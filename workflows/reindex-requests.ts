export type ReindexRequest = 'pause' | 'resume' | 'cancel' | 'roll back' | 'finish'

/** Where a re-index stands, as far as it matters for what may be asked of it. */
export type ReindexPhase = 'building' | 'switched' | 'rolling back' | 'cleaning'

const TOO_LATE = 'It was asked for too late: the clean-up has begun.'

/** Why a request has no effect; undefined where it has one. */
export function whyNot(request: ReindexRequest, phase: ReindexPhase, isPaused: boolean): string | undefined {
  if (request === 'resume') return isPaused ? undefined : 'resumeReindex: it is not paused.'
  if (phase === 'cleaning') return `${SIGNAL[request]}: ${TOO_LATE}`
  const why = WHY_NOT[phase][request]
  return why && `${SIGNAL[request]}: ${why}`
}

const SIGNAL = {
  pause: 'pauseReindex',
  resume: 'resumeReindex',
  cancel: 'cancelReindex',
  'roll back': 'rollBackReindex',
  finish: 'finishReindex',
} as const satisfies Record<ReindexRequest, string>

const WHY_NOT: Readonly<Record<Exclude<ReindexPhase, 'cleaning'>, Partial<Record<ReindexRequest, string>>>> = {
  building: {
    'roll back': 'nothing was switched yet. cancelReindex ends it.',
    finish: 'nothing was switched yet. It goes on by itself, and cancelReindex ends it.',
  },
  switched: {
    pause: 'nothing is being built. The new vectors serve.',
    cancel: 'the new vectors serve. rollBackReindex has the old ones serve again.',
  },
  'rolling back': {
    cancel: 'it is being rolled back. finishReindex keeps the new vectors instead.',
    'roll back': 'it is being rolled back already.',
  },
}
