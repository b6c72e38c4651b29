import { PostgresProbe } from '../../../adapters/postgres-probe.ts'
import type { DatabaseConfig } from '../../../config.ts'
import type { Check, Finding, Group } from './check.ts'
import { ok, warning } from './check.ts'

/** What can be seen of backups from here. A dump that is made each night cannot. */
export function backupChecks({ url }: DatabaseConfig, database: Check): Group {
  return {
    name: 'Backup',
    checks: [
      { name: 'Database', needs: [database], find: async () => archive(await new PostgresProbe({ url }).archives()) },
    ],
  }
}

const archive = (isOn: boolean): Finding =>
  isOn
    ? ok('Postgres archives its log: any moment can be restored')
    : warning(
        'Postgres archives no log; whether dumps are made cannot be told from here',
        'Make one each night: docs/operations.md, Backup and restore',
      )
