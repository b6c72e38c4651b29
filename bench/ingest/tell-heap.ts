/* Loaded into a worker by `node --expose-gc --import`: answers each message with how much of its heap is alive. */

/** In bytes, after a collection: what is alive of the JavaScript heap, and of what lies outside of it. */
export type LiveHeap = Pick<NodeJS.MemoryUsage, 'heapUsed' | 'external'>

process.on('message', (message) => {
  if (message !== 'heap') return
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const heap: LiveHeap = { heapUsed, external }
  process.send?.(heap)
})
