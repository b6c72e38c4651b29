import type { Registry } from 'prom-client'
import { FAILURES } from '../domain/failure.ts'
import type { FilesAlike, InventoryStore } from '../domain/inventory.ts'
import { Cached } from './cached.ts'
import { gaugeOf } from './gauge-of.ts'

const PAUSING = Object.entries(FAILURES).flatMap(([code, { pauses }]) => (pauses ? code : []))
const FRESH_MS = 10_000
/** However many rows there are to be counted, that takes at most a twentieth of the time of one connection. */
const freshMs = (tookMs: number) => Math.max(FRESH_MS, 19 * tookMs)

/** What is in the database, counted when it is asked for. */
export function measureInventory(registry: Registry, store: InventoryStore): void {
  const inventory = new Cached(() => store.take(), freshMs)
  const gauge = gaugeOf(registry, () => inventory.get())
  gauge({
    name: 'experts',
    help: 'Experts by status.',
    labels: ['status'],
    set: (gauge, { experts }) => {
      for (const { status, experts: count } of experts) gauge.set({ status }, count)
    },
  })
  gauge({
    name: 'paused_experts',
    help: 'Experts that are paused, by the failure that paused them; TOKEN_QUOTA_EXHAUSTED ends by itself.',
    labels: ['code'],
    set: (gauge, { paused }) => {
      for (const code of PAUSING) gauge.set({ code }, 0)
      for (const { code, experts } of paused) gauge.set({ code }, experts)
    },
  })
  gauge({
    name: 'files',
    help: 'Files of experts by status, stage and failure code.',
    labels: ['status', 'stage', 'code'],
    set: (gauge, { files }) => {
      for (const alike of files) gauge.set(labelsOf(alike), alike.files)
    },
  })
  gauge({
    name: 'indexed_tokens',
    help: 'Tokens of indexed files, by source: embedded for them, or reused.',
    labels: ['source'],
    set: (gauge, { files }) => {
      const indexed = files.filter(({ status }) => status === 'indexed')
      const reused = sum(indexed, 'tokensReused')
      gauge.set({ source: 'embedded' }, sum(indexed, 'tokens') - reused)
      gauge.set({ source: 'reused' }, reused)
    },
  })
  gauge({
    name: 'oldest_pending_file_seconds',
    help: 'How long the oldest file waits for its turn, in an expert that is queued or processed; 0 where none does.',
    set: (gauge, { oldestPendingFileSeconds }) => gauge.set(oldestPendingFileSeconds),
  })
  gauge({
    name: 'oldest_queued_expert_seconds',
    help: 'How long the oldest expert waits for a worker; 0 where none does.',
    set: (gauge, { oldestQueuedExpertSeconds }) => gauge.set(oldestQueuedExpertSeconds),
  })
}

const labelsOf = ({ status, stage, code }: FilesAlike) => ({ status, stage: stage ?? '', code: code ?? '' })
const sum = (files: readonly FilesAlike[], what: 'tokens' | 'tokensReused') =>
  files.reduce((total, alike) => total + alike[what], 0)
