/** Ctrl-C, and what goes on without us. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * Runs `work`; a Ctrl-C aborts its signal. One under npm comes twice, so a second one is passed over.
 * @throws Interrupted, with what `says` has to say by then
 */
export async function interruptible<T>(says: () => string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const { signal } = controller
  const interrupt = () => controller.abort()
  process.on('SIGINT', interrupt)
  try {
    return await work(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new Interrupted(says())
  } finally {
    process.off('SIGINT', interrupt)
  }
}
