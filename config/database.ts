import type { Reader } from './reader.ts'

export type DatabaseConfig = { readonly url: string; readonly connections: number }

export function database(from: Reader): DatabaseConfig {
  const example = 'postgres://user:password@127.0.0.1:5432/expertsmith'
  const url = from.secretUrl('DATABASE_URL', ['postgres:', 'postgresql:'], example)
  if (!url && !from.optional('DATABASE_URL')) from.missing('DATABASE_URL', example)
  return { url: url ?? example, connections: from.integer('DATABASE_CONNECTIONS', 10, { min: 1, max: 1_000 }) }
}
