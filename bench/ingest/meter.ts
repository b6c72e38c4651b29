import { processesHidden } from '../../test/support/child-processes.ts'
import { usageOf } from './usage.ts'

/** Process ids by what they are part of, such as `{ product: [worker, api], temporal: [server] }`. */
export type Parts<Name extends string> = Readonly<Record<Name, readonly number[]>>

export type Measured<Name extends string> = {
  readonly seconds: number
  /** Of user and system together; undefined where there is no /proc. */
  readonly cpuSeconds: Readonly<Record<Name, number>> | undefined
  /** The most that the processes had resident together, at the end of some fifth of a second. */
  readonly peakBytes: Readonly<Record<Name, number>> | undefined
}

const SAMPLE_EVERY_MS = 200

/** Runs `work` and says what the processes took while it ran. */
export async function metered<T, Name extends string>(
  parts: Parts<Name>,
  work: () => Promise<T>,
): Promise<[result: T, measured: Measured<Name>]> {
  const before = mapParts(parts, (pids) => usageOf(pids).cpuSeconds)
  let peak = mapParts(parts, (pids) => usageOf(pids).residentBytes)
  const sample = () => {
    peak = mapParts(parts, (pids, name) => Math.max(peak[name], usageOf(pids).residentBytes))
  }
  const timer = setInterval(sample, SAMPLE_EVERY_MS)
  const start = performance.now()
  try {
    const result = await work()
    const seconds = (performance.now() - start) / 1_000
    sample()
    const cpuSeconds = mapParts(parts, (pids, name) => usageOf(pids).cpuSeconds - before[name])
    const visible = !processesHidden
    return [result, { seconds, cpuSeconds: visible ? cpuSeconds : undefined, peakBytes: visible ? peak : undefined }]
  } finally {
    clearInterval(timer)
  }
}

function mapParts<Name extends string>(parts: Parts<Name>, measure: (pids: readonly number[], name: Name) => number) {
  const names = Object.keys(parts) as Name[]
  return Object.fromEntries(names.map((name) => [name, measure(parts[name], name)])) as Record<Name, number>
}
