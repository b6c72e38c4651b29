import { isLoopback } from './is-loopback.ts'
import { otlpHeaders, otlpUrl } from './otlp.ts'
import type { Reader } from './reader.ts'

/** A worker's metrics: asked for at an address of this machine, or sent to a collector. */
export type WorkerMetricsConfig =
  | { readonly kind: 'prometheus'; readonly address: string }
  | {
      readonly kind: 'otlp'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly everyMs: number
    }

export function workerMetrics(from: Reader): WorkerMetricsConfig | undefined {
  const address = loopbackAddress(from, 'METRICS_ADDRESS', '127.0.0.1:9464')
  const url = otlpUrl(from, 'metrics')
  const everyMs = from.integer('OTEL_METRIC_EXPORT_INTERVAL', 60_000, { min: 100, max: 3_600_000 })
  if (address !== undefined) return { kind: 'prometheus', address }
  return url === undefined ? undefined : { kind: 'otlp', url, headers: otlpHeaders(from), everyMs }
}

/** `host:port`, of this machine. */
function loopbackAddress(from: Reader, name: string, example: string): string | undefined {
  const value = from.optional(name)
  if (value === undefined) return undefined
  const { host = '', port } = /^(?<host>[^\s/]+):(?<port>\d{1,5})$/.exec(value)?.groups ?? {}
  if (isLoopback(host) && Number(port) >= 1 && Number(port) <= 65_535) return value.replace(/^localhost:/, '127.0.0.1:')
  from.fault(name, value, `an address of this machine, such as ${example}: nobody is asked there for a key`)
  return undefined
}
