import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExpertLook } from '../domain/ports.ts'
import { DELETED, eventsOf, passEndOf, progressEvent } from './progress-events.ts'
import { HEARTBEAT } from './server-sent-event.ts'

/** Between two looks: longer than a look takes, so that large experts are looked at less often. */
const PAUSE_MS = { least: 500, most: 5_000 }
const PAUSE_FACTOR = 10

type Look = (since: number | undefined) => Promise<ExpertLook | undefined>

type Watcher = {
  readonly stream: PassThrough
  /** Up to where it was told everything; undefined: it asks for nothing of before. */
  cursor: number | undefined
  /** Whether it was told what all others were told. */
  isCurrent: boolean
}

export type ExpertHubOptions = {
  readonly look: Look
  readonly onFailure: (error: unknown) => void
  /** Nobody watches any more. */
  readonly onEmpty: () => void
}

/** All who watch one expert: a change costs one look at the database, however many they are. */
export class ExpertHub {
  readonly #options: ExpertHubOptions
  readonly #watchers = new Set<Watcher>()
  #isLooking = false
  #isWanted = false
  #isProcessing = false
  /** What those who are current were told. */
  #cursor: number | undefined
  #progress = ''
  #passEnd: number | undefined
  /** By file, of changes that the next look will see again: the transactions. */
  #told: ReadonlyMap<string, number> = new Map()

  constructor(options: ExpertHubOptions) {
    this.#options = options
  }

  /** The events from `since` on, or from now on, beginning with how the expert stands. */
  join(since: number | undefined): PassThrough {
    const watcher: Watcher = { stream: new PassThrough(), cursor: since, isCurrent: false }
    this.#watchers.add(watcher)
    watcher.stream
      .once('close', () => this.#leave(watcher))
      .on('error', () => undefined)
      .on('drain', () => watcher.isCurrent || this.refresh())
    this.refresh()
    return watcher.stream
  }

  /** Looks at the expert soon, and tells what has changed. */
  refresh(): void {
    this.#isWanted = true
    if (!this.#isLooking) void this.#lookWhileWanted()
  }

  heartbeat(): void {
    for (const { stream } of this.#watchers) if (!stream.writableNeedDrain) stream.write(HEARTBEAT)
    // Rate and ETA change while nothing else does.
    if (this.#isProcessing) this.refresh()
  }

  end(lastWords = ''): void {
    for (const { stream } of this.#watchers) endStream(stream, lastWords)
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher)
    if (this.#watchers.size === 0) this.#options.onEmpty()
  }

  async #lookWhileWanted(): Promise<void> {
    this.#isLooking = true
    while (this.#isWanted && this.#watchers.size > 0) {
      this.#isWanted = false
      const start = performance.now()
      const isDone = await this.#lookAndTell()
      this.#isWanted ||= !isDone
      const pause = isDone ? (performance.now() - start) * PAUSE_FACTOR : PAUSE_MS.most
      await delay(Math.min(Math.max(pause, PAUSE_MS.least), PAUSE_MS.most), undefined, { ref: false })
    }
    this.#isLooking = false
  }

  async #lookAndTell(): Promise<boolean> {
    try {
      await this.#tellChanges()
      return true
    } catch (error) {
      this.#options.onFailure(error)
      return false
    }
  }

  async #tellChanges(): Promise<void> {
    // Those who come meanwhile have to wait for the next look: this one does not begin where they do.
    const joining = [...this.#watchers].filter(({ isCurrent, stream }) => !isCurrent && !stream.writableNeedDrain)
    const look = await this.#options.look(earliest([this.#cursor, ...joining.map(({ cursor }) => cursor)]))
    if (!look) return this.end(DELETED)
    this.#isProcessing = look.status === 'processing'
    this.#tellCurrent(look)
    this.#tellJoining(look, joining)
    this.#cursor = look.cursor
    this.#told = new Map(changedSince(look, look.cursor).map(({ fileId, changedBy }) => [fileId, changedBy]))
  }

  #tellCurrent(look: ExpertLook): void {
    const files = changedSince(look, this.#cursor).filter(
      ({ fileId, changedBy }) => this.#told.get(fileId) !== changedBy,
    )
    const [progress, passEnd] = [progressEvent(look), passEndOf(look)]
    const withSummary = passEnd !== undefined && passEnd !== this.#passEnd
    const hasNews = files.length > 0 || withSummary || progress !== this.#progress
    this.#progress = progress
    // A retry that came to nothing leaves the summary that was told before.
    this.#passEnd = passEnd ?? this.#passEnd
    if (!hasNews) return
    const events = eventsOf(look, files, withSummary)
    for (const watcher of this.#watchers) {
      if (!watcher.isCurrent) continue
      if (!watcher.stream.writableNeedDrain) watcher.stream.write(events)
      // It reads slowly: once it has read what it has, it is told all that has changed since, at once.
      else Object.assign(watcher, { isCurrent: false, cursor: this.#cursor })
    }
  }

  #tellJoining(look: ExpertLook, joining: readonly Watcher[]): void {
    const events = new Map<number | undefined, Buffer>()
    for (const watcher of joining) {
      const { cursor, stream } = watcher
      if (cursor !== undefined && cursor > look.cursor) {
        // Of another database, as before a restore.
        watcher.cursor = 0
        this.#isWanted = true
        continue
      }
      const its = events.get(cursor) ?? eventsOf(look, changedSince(look, cursor), passEndOf(look) !== undefined)
      events.set(cursor, its)
      watcher.isCurrent = true
      stream.write(its)
    }
  }
}

const changedSince = ({ files }: ExpertLook, since: number | undefined) =>
  since === undefined ? [] : files.filter(({ changedBy }) => changedBy >= since)

function earliest(cursors: readonly (number | undefined)[]): number | undefined {
  const known = cursors.filter((cursor) => cursor !== undefined)
  return known.length > 0 ? Math.min(...known) : undefined
}

/** One who does not read would not read the end either. */
export function endStream(stream: PassThrough, lastWords = ''): void {
  if (stream.writableNeedDrain) stream.destroy()
  else stream.end(lastWords)
}
