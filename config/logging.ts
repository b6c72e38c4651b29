import { otlpHeaders } from './otlp.ts'
import type { Reader } from './reader.ts'

export type LogConfig = {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly format: 'pretty' | 'json'
  /** Values that no line may hold. */
  readonly secrets?: readonly string[]
}

const SECRETS = [
  'ADMIN_API_KEY',
  'API_KEY',
  'CHAT_API_KEY',
  'OPENAI_API_KEY',
  'PINECONE_API_KEY',
  'S3_SECRET_KEY',
  'TEMPORAL_API_KEY',
] as const
/** Headers of other names, such as a tenant's, hold words that lines are full of. */
const SECRET_HEADER = /authorization|key|token|secret/i
const SHORTEST_SECRET = 8

export const logging = (from: Reader): LogConfig => ({
  level: from.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  format: from.oneOf('LOG_FORMAT', ['pretty', 'json'], process.stdout.isTTY ? 'pretty' : 'json'),
  secrets: [...SECRETS.flatMap((name) => from.optional(name) ?? []), ...secretHeaders(from)],
})

const secretHeaders = (from: Reader) =>
  Object.entries(otlpHeaders(from))
    .filter(([name, value]) => SECRET_HEADER.test(name) && value.length >= SHORTEST_SECRET)
    .map(([, value]) => value)
