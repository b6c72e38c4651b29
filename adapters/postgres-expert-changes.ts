import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { DatabaseConfig } from '../config.ts'
import type { ExpertChanges } from '../domain/ports.ts'

const CHECK_EVERY_MS = 30_000
const QUERY_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 10_000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

/** One connection that listens for all experts of this process, from the first that somebody asks for. */
export class PostgresExpertChanges implements ExpertChanges {
  readonly #url: string
  readonly #onLost: (error: unknown) => void
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #closing = new AbortController()
  #listening: Promise<void> | undefined

  constructor({ url }: Pick<DatabaseConfig, 'url'>, onLost: (error: unknown) => void) {
    this.#url = url
    this.#onLost = onLost
  }

  subscribe(expertId: string, onChange: () => void): () => void {
    const listeners = this.#listeners.get(expertId) ?? new Set()
    this.#listeners.set(expertId, listeners.add(onChange))
    this.#listening ??= this.#keepListening()
    return () => {
      listeners.delete(onChange)
      if (listeners.size === 0) this.#listeners.delete(expertId)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#listening
  }

  async #keepListening(): Promise<void> {
    const { signal } = this.#closing
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        await this.#listen(() => {
          pause = FIRST_PAUSE_MS
        })
      } catch (error) {
        if (!signal.aborted) this.#onLost(error)
      }
      await delay(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  /** @throws always, once the connection is lost or this is closed */
  async #listen(onOpen: () => void): Promise<never> {
    const lost = new AbortController()
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      application_name: 'expertsmith-listen',
    })
    client.on('error', (error) => lost.abort(error)).on('end', () => lost.abort())
    client.on('notification', ({ payload }) => this.#tell(this.#listeners.get(payload ?? '')))
    try {
      await client.connect()
      await client.query('listen expert_changes')
      onOpen()
      // What changed while nobody listened was told to nobody.
      for (const listeners of this.#listeners.values()) this.#tell(listeners)
      return await stayAwake(client, AbortSignal.any([lost.signal, this.#closing.signal]))
    } finally {
      // One that is lost would not answer.
      const ended = client.end().catch(() => undefined)
      if (!lost.signal.aborted) await Promise.race([ended, delay(QUERY_TIMEOUT_MS, undefined, { ref: false })])
    }
  }

  #tell(listeners: Iterable<() => void> = []): void {
    for (const onChange of listeners) onChange()
  }
}

/** A connection that only listens does not notice when the other side is gone, as after a failover. */
async function stayAwake(client: pg.Client, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(CHECK_EVERY_MS, undefined, { signal })
    await client.query('select 1')
  }
}
