/**
 * Calls `close` once, on the first signal to stop or when the process that started this one is gone, then exits.
 * One Ctrl-C reaches a process twice where npm stands in between, so later signals change nothing.
 */
export function closeOnSignal(close: () => Promise<void>, onError: (error: unknown) => void): void {
  let closing = false
  const stop = async () => {
    if (closing) return
    closing = true
    try {
      await close()
      process.exit(0)
    } catch (error) {
      onError(error)
      process.exit(1)
    }
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.once('disconnect', stop)
}
