import { otlpHeaders } from './otlp.ts'
import type { Reader } from './reader.ts'

export type LogConfig = {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'pretty' | 'json'
  /** Values that no line may hold. */
  readonly secrets?: readonly string[]
}

const SECRETS = [
  ...['ADMIN_API_KEY', 'API_KEY', 'OPENAI_API_KEY', 'PINECONE_API_KEY', 'S3_SECRET_KEY', 'TEMPORAL_API_KEY'],
] as const

export const logging = (from: Reader): LogConfig => ({
  level: from.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  format: from.oneOf('LOG_FORMAT', ['pretty', 'json'], process.stdout.isTTY ? 'pretty' : 'json'),
  secrets: [...SECRETS.flatMap((name) => from.optional(name) ?? []), ...Object.values(otlpHeaders(from))],
})
