import type { Reader } from './reader.ts'

/** The address of the signal as it is, or the common one with its path. */
export function otlpUrl(from: Reader, signal: 'traces' | 'metrics'): string | undefined {
  const common = from.url('OTEL_EXPORTER_OTLP_ENDPOINT')
  return from.url(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`) ?? (common && `${common}/v1/${signal}`)
}

/** From `name=value,other=value`, percent-encoded, as OpenTelemetry has it; never repeated, since one may be a key. */
export function otlpHeaders(from: Reader): Record<string, string> {
  const name = 'OTEL_EXPORTER_OTLP_HEADERS'
  const pairs = from.text(name, '').split(',').filter(Boolean)
  const headers = pairs.map((pair) => /^\s*(?<key>[\w-]+)=(?<value>[^=].*)$/.exec(pair)?.groups)
  try {
    return Object.fromEntries(headers.map((pair) => [pair?.key, decodeURIComponent(pair?.value?.trim() ?? '')]))
  } catch {
    return {}
  } finally {
    if (headers.includes(undefined)) from.faults.push(`${name} is not a list such as api-key=secret,tenant=one`)
  }
}
