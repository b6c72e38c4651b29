/*
 * Runs beside the reader, in a thread of its own, and so also while the reader computes without end, or a single call of the
 * engine takes all memory: it ends the process where that needs more than it may, or is alone. The engine's own limit would
 * not do: it knows nothing of buffers and WebAssembly.
 */
import { setInterval } from 'node:timers'
import { workerData } from 'node:worker_threads'

/** `parent` comes from the parent: one that has died already when this begins could not be asked. */
export type WatchOptions = { readonly memoryMb: number; readonly parent: number }

const MEGABYTE = 1_048_576
const INTERVAL_MS = 50

const { memoryMb, parent } = workerData as WatchOptions
const most = process.memoryUsage.rss() + memoryMb * MEGABYTE

setInterval(() => {
  const isAlone = process.ppid !== parent
  if (isAlone || process.memoryUsage.rss() > most) process.kill(process.pid, 'SIGKILL')
}, INTERVAL_MS)
