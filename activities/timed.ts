/** @returns what `work` returns, and how many seconds it took */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, seconds: number]> {
  const start = performance.now()
  const result = await work()
  return [result, Math.round(performance.now() - start) / 1_000]
}
