import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, Reader } from './reader.ts'

/** The database of `npm start`, where no other is named: its password is kept beside its data. */
export function withOwnDatabase(env: Environment): Environment {
  if (env.DATABASE_URL?.trim()) return env
  const from = new Reader(env)
  try {
    const password = readFileSync(join(from.path('DATA_DIR', '.data'), 'postgres/data.password'), 'utf8')
    const port = from.port('STACK_POSTGRES_PORT', 54_329)
    return { ...env, DATABASE_URL: `postgres://postgres:${password}@127.0.0.1:${port}/expertsmith` }
  } catch {
    return env
  }
}
