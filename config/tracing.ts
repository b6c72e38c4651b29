import { otlpHeaders, otlpUrl } from './otlp.ts'
import type { Reader } from './reader.ts'

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const
type Sampler = (typeof SAMPLERS)[number]

/** Where spans are sent: OTLP over HTTP. */
export type TracingConfig = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly sampler: Sampler | `parentbased_${Sampler}`
  /** Of traces, for `traceidratio`; from 0 to 1. */
  readonly ratio: number
  readonly batchDelayMs: number
}

/** OpenTelemetry's own variables. Undefined: nothing is traced, and nothing of it is loaded. */
export function tracing(from: Reader, process: string): TracingConfig | undefined {
  const sampler = from.oneOf(
    'OTEL_TRACES_SAMPLER',
    SAMPLERS.flatMap((name) => [name, `parentbased_${name}`] as const),
    'parentbased_always_on',
  )
  const url = otlpUrl(from, 'traces')
  const settings = {
    headers: otlpHeaders(from),
    serviceName: from.text('OTEL_SERVICE_NAME', `expertsmith-${process}`),
    ratio: from.share('OTEL_TRACES_SAMPLER_ARG', 1),
    batchDelayMs: from.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, { min: 10, max: 600_000 }),
  }
  return url === undefined ? undefined : { url, sampler, ...settings }
}
