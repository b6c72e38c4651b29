import type { Worker } from 'node:worker_threads'

const INTERVAL_MS = 100

/**
 * Ends threads whose buffers take more memory than allowed, until disposed. A thread's `resourceLimits` cover its heap
 * only, and a PDF of 1 MB can unpack into gigabytes of buffers.
 */
export function watchBuffers(threads: () => readonly Worker[], maxBytes: number): Disposable {
  const look = () => Promise.all(threads().map((thread) => endIfOver(thread, maxBytes)))
  const timer = setInterval(() => void look(), INTERVAL_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function endIfOver(thread: Worker, maxBytes: number): Promise<void> {
  // Answered even while the thread computes. Rejected once it has ended by itself.
  const memory = await thread.getHeapStatistics().catch(() => undefined)
  if (memory && memory.external_memory > maxBytes) await thread.terminate()
}
