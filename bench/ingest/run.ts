import type { Measured } from './meter.ts'

/** One program's work on one set of files. `program`: all processes of what is measured; the servers beside it by themselves. */
export type Run = Measured<'program' | 'temporal' | 'postgres' | 'wire'> & {
  readonly files: number
  readonly pages: number
  readonly chunks: number
  readonly failed: number
}

/** The servers included, save those that stand for services elsewhere. */
export function totalCpu({ cpuSeconds }: Run): number | undefined {
  return cpuSeconds && cpuSeconds.program + cpuSeconds.temporal + cpuSeconds.postgres
}

/** The run with the median time. */
export function median(runs: readonly Run[]): Run {
  const middle = runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor((runs.length - 1) / 2)]
  if (!middle) throw new RangeError('there is no median of nothing')
  return middle
}
