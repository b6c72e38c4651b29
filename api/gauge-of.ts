import type { Registry } from 'prom-client'
import { Gauge } from 'prom-client'
import { silence, TIME_LIMIT_MS } from './readiness.ts'

export type GaugeOptions<T, L extends string> = {
  /** Without `expertsmith_`, which all of ours begin with. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly L[]
  readonly set: (gauge: Gauge<L>, value: T) => void
}

/**
 * Makes gauges of what `load` gives when they are asked for; where it fails, or takes longer than a scrape should, they have no
 * value, rather than an old one.
 */
export const gaugeOf =
  <T>(registry: Registry, load: () => Promise<T>, limitMs = TIME_LIMIT_MS) =>
  <L extends string = never>({ name, help, labels = [], set }: GaugeOptions<T, L>) =>
    new Gauge<L>({
      registers: [registry],
      name: `expertsmith_${name}`,
      help,
      labelNames: labels,
      async collect() {
        this.reset()
        const value = await Promise.race([load(), silence(AbortSignal.timeout(limitMs))]).catch(() => undefined)
        if (value === undefined) this.remove()
        else set(this, value)
      },
    })
