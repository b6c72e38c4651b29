import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import { checkHistories } from '../support/check-histories.ts'
import { processesHidden } from '../support/child-processes.ts'
import { assertUnharmed } from '../support/fault-report.ts'
import { isOfSecondPart } from '../support/harbour-log.ts'
import type { Outcome } from '../support/ingestion.ts'
import { Ingestion } from '../support/ingestion.ts'
import { Production } from '../support/production.ts'
import { eventually } from '../support/requests.ts'
import { RestartablePostgres } from '../support/restartable-postgres.ts'
import { RestartableTemporal } from '../support/restartable-temporal.ts'

describe('a server that dies and comes back', { concurrency: true, skip: processesHidden }, () => {
  let production: Production
  let reference: Outcome

  before(async () => {
    production = await Production.start()
    await production.startWorker()
    const run = await Ingestion.prepare(production)
    await run.start()
    reference = await run.outcome()
  })
  after(() => production.close())

  test('loses nothing where it is Temporal, killed while a file is embedded', async (t) => {
    const temporal = await RestartableTemporal.start()
    const { production, run, gate } = await startRun(t, temporal, { temporalAddress: temporal.address })
    await temporal.kill()
    // So the worker has a result that it cannot report.
    gate.open()
    await temporal.restart()
    await assertUnharmed('Temporal SIGKILL', await run.outcome(), reference, 1)
    await checkHistories(production, 1)
  })

  test('loses nothing where it is Postgres, stopped at once', async (t) => {
    const postgres = await RestartablePostgres.start()
    const { production, run, gate } = await startRun(t, postgres, { database: postgres.openDatabase() })
    await postgres.crash()
    gate.open()
    await eventually(async () => {
      const { raw } = await production.world.client.workflow.getHandle(run.workflowId).describe()
      assert.ok(
        (raw.pendingActivities ?? []).some(({ attempt }) => (attempt ?? 0) > 1),
        'the worker has missed it',
      )
    })
    await postgres.restart()
    await assertUnharmed('Postgres immediate stop', await run.outcome(), reference, 1)
    await checkHistories(production, 1)
  })

  test('fails no file where it is Postgres, and stays away longer than a file is tried', async (t) => {
    const postgres = await RestartablePostgres.start()
    const options = { database: postgres.openDatabase() }
    const { production, run, gate } = await startRun(t, postgres, options, { RETRY_BUDGET: '1s' })
    await postgres.crash()
    gate.open()
    await eventually(async () => {
      const { raw } = await production.world.client.workflow.getHandle(run.workflowId).describe()
      const pending = (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name)
      assert.ok(pending.includes('postponeFile'), `pending: ${pending}`)
    })
    await postgres.restart()
    const { status_reason: reason } = await production.api.until(run.expertId, 'paused')
    assert.match(reason ?? '', /^DATABASE_UNAVAILABLE: The database does not answer/)
    await production.api.send('POST', `/experts/${run.expertId}/retry`)
    await assertUnharmed('Postgres away for long', await run.outcome(), reference, 1)
    await checkHistories(production, 1)
  })
})

/** A run that uses the server, with its long file in the middle of its embedding. */
async function startRun(
  t: TestContext,
  server: { close(): Promise<void> },
  options: Parameters<typeof Production.start>[0],
  workerOptions: Readonly<Record<string, string>> = {},
) {
  const production = await Production.start(options)
  t.after(() => production.close().finally(() => server.close()))
  await production.startWorker(workerOptions)
  const run = await Ingestion.prepare(production)
  const gate = production.openai.server.hold(isOfSecondPart)
  await run.start()
  await gate.arrival
  return { production, run, gate }
}
