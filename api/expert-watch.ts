import type { PassThrough } from 'node:stream'
import type { ExpertChanges, ProgressStore } from '../domain/ports.ts'
import { ExpertHub, endStream } from './expert-hub.ts'
import { HEARTBEAT_MS } from './server-sent-event.ts'

/** A stream outlives the key that opened it by no more than this. */
const LONGEST_STREAM_MS = 3_600_000

export type ExpertWatchOptions = {
  readonly progress: ProgressStore
  readonly changes: ExpertChanges
  readonly heartbeatMs?: number
  readonly onFailure: (error: unknown) => void
}

/** Who watches which expert. */
export class ExpertWatch {
  readonly #options: ExpertWatchOptions
  readonly #hubs = new Map<string, ExpertHub>()
  readonly #heart: NodeJS.Timeout

  constructor(options: ExpertWatchOptions) {
    this.#options = options
    this.#heart = setInterval(() => {
      for (const hub of this.#hubs.values()) hub.heartbeat()
    }, options.heartbeatMs ?? HEARTBEAT_MS).unref()
  }

  /** The expert must be the user's. */
  open(userId: string, expertId: string, since: number | undefined): PassThrough {
    const hub = this.#hubs.get(expertId) ?? this.#start(userId, expertId)
    const stream = hub.join(since)
    const tooLong = setTimeout(() => endStream(stream), LONGEST_STREAM_MS).unref()
    return stream.once('close', () => clearTimeout(tooLong))
  }

  close(): void {
    clearInterval(this.#heart)
    for (const hub of this.#hubs.values()) hub.end()
  }

  #start(userId: string, expertId: string): ExpertHub {
    const { progress, changes, onFailure } = this.#options
    const onEmpty = () => {
      unsubscribe()
      this.#hubs.delete(expertId)
    }
    const hub = new ExpertHub({ look: (since) => progress.look(userId, expertId, since), onFailure, onEmpty })
    const unsubscribe = changes.subscribe(expertId, () => hub.refresh())
    this.#hubs.set(expertId, hub)
    return hub
  }
}
