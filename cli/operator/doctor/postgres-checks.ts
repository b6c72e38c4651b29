import type { MigrationState } from '../../../adapters/postgres-probe.ts'
import { PostgresProbe } from '../../../adapters/postgres-probe.ts'
import type { DatabaseConfig } from '../../../config.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, warning } from './check.ts'

/** The oldest that is still mended by its makers; npm start and Compose bring 18. */
const OLDEST_MAJOR = 14

export type PostgresGroup = Group & {
  /** The database answers, and has the tables of this version. */
  readonly migrated: Check
}

export function postgresChecks({ url, connections }: DatabaseConfig): PostgresGroup {
  const probe = new PostgresProbe({ url })
  const answers: Check = {
    name: 'Connection',
    find: async () => version(await probe.version(), new URL(url)),
    explain: (error) => ({ detail: messageOf(error) || codeOf(error), fix: fixFor(codeOf(error), new URL(url)) }),
  }
  const migrated: Check = {
    name: 'Migrations',
    needs: [answers],
    find: async () => migrations(await probe.migrations()),
  }
  return {
    name: 'Postgres',
    migrated,
    checks: [
      answers,
      migrated,
      { name: 'Privileges', needs: [answers], find: async () => privileges(await probe.lackingPrivileges()) },
      { name: 'Connections', needs: [answers], find: async () => enough(await probe.connections(), connections) },
      { name: 'LISTEN', needs: [answers], find: async () => listening(await probe.hearsNotifications()) },
      { name: 'Paused experts', needs: [migrated], find: async () => paused(await probe.pausedExperts()) },
    ],
  }
}

function version(number: number, { host, pathname }: URL): Finding {
  const major = Math.floor(number / 10_000)
  const detail = `Postgres ${major}.${number % 10_000} at ${host}${pathname}`
  return major >= OLDEST_MAJOR ? ok(detail) : failed(detail, `Move to Postgres ${OLDEST_MAJOR} or newer`)
}

function fixFor(code: string, { host, pathname, username }: URL): string {
  const database = pathname.slice(1)
  if (code === '28P01' || code === '28000') return `Correct user and password in DATABASE_URL (the user is ${username})`
  if (code === '3D000') return `Create it: createdb ${database}, or correct the name in DATABASE_URL`
  if (code === '53300') return 'Raise max_connections, or lower DATABASE_CONNECTIONS'
  return `Start Postgres at ${host}, or correct DATABASE_URL`
}

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : '')

function migrations({ missing, unknown }: MigrationState): Finding {
  if (unknown.length > 0)
    return failed(
      `the database is newer than this version: ${unknown.join(', ')}`,
      'Run the version that made them, or restore the backup from before',
    )
  if (missing.length > 0)
    return failed(
      `${missing.length} not applied: ${missing[0]}${missing.length > 1 ? ' …' : ''}`,
      'Start api or worker of this version, which apply them: npm run worker',
    )
  return ok('all applied')
}

function privileges(lacking: readonly string[]): Finding {
  if (lacking.length === 0) return ok('all that it needs')
  const shown = lacking.slice(0, 4).join(', ')
  return failed(
    `lacks ${shown}${lacking.length > 4 ? ` and ${lacking.length - 4} more` : ''}`,
    'Let the user of DATABASE_URL own the tables: reassign owned by <old owner> to <user>; grant create on schema public to <user>',
  )
}

/** An API process takes one more, by which it listens. */
function enough({ most, used }: { most: number; used: number }, perProcess: number): Finding {
  const processes = Math.floor((most - used) / (perProcess + 1))
  const detail = `${most} allowed, ${used} used by others; DATABASE_CONNECTIONS=${perProcess} leaves room for ${processes} processes`
  return processes >= 2 ? ok(detail) : warning(detail, 'Lower DATABASE_CONNECTIONS, or raise max_connections')
}

const listening = (hears: boolean): Finding =>
  hears
    ? ok('progress arrives as it happens')
    : failed(
        'what is notified does not arrive, as behind a pool in transaction mode, so progress is not told',
        'Point DATABASE_URL at Postgres itself, or at a pool in session mode (PgBouncer: pool_mode = session)',
      )

function paused(codes: readonly { code: string; experts: number }[]): Finding {
  if (codes.length === 0) return ok('none')
  return warning(
    codes.map(({ code, experts }) => `${experts} by ${code}`).join(', '),
    'Mend the reason (docs/failure-codes.md), then POST /experts/{id}/retry',
  )
}
