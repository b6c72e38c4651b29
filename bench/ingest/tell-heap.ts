/* Loaded into a worker by `node --expose-gc --import`: answers each message with how much of its heap is alive. */
process.on('message', (message) => {
  if (message !== 'heap') return
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heapUsed, external })
})
