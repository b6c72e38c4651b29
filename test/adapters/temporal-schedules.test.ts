import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { Client, Connection, ScheduleNotFoundError } from '@temporalio/client'
import { ensureSchedule } from '../../adapters/temporal-schedules.ts'
import { infrastructure } from '../support/infrastructure.ts'

const HOUR_MS = 3_600_000

describe('ensureSchedule', () => {
  let connection: Connection
  let client: Client
  const scheduleId = `test-${randomUUID()}`

  before(async () => {
    connection = await Connection.connect({ address: infrastructure().temporalAddress })
    client = new Client({ connection })
  })
  after(async () => {
    await ensure(undefined)
    await connection.close()
  })

  const ensure = (everyMs: number | undefined) =>
    ensureSchedule(connection, 'default', {
      scheduleId,
      taskQueue: 'nobody-listens',
      everyMs,
      workflowType: 'Anything',
      input: { dryRun: false },
      summary: 'Anything',
    })
  const describeIt = () => client.schedule.getHandle(scheduleId).describe()

  test('makes one schedule, however many processes ask for it together', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensure(24 * HOUR_MS)))
    const { spec, policies, action } = await describeIt()
    assert.equal(spec.intervals?.[0]?.every, 24 * HOUR_MS)
    assert.equal(policies.overlap, 'SKIP')
    assert.equal(policies.catchupWindow, 24 * HOUR_MS)
    assert.deepEqual([action.workflowType, action.args], ['Anything', [{ dryRun: false }]])
  })

  test('changes it with the configuration, and leaves it paused where an operator paused it', async () => {
    await client.schedule.getHandle(scheduleId).pause('not this week')
    await ensure(2 * HOUR_MS)
    const { spec, state } = await describeIt()
    assert.equal(spec.intervals?.[0]?.every, 2 * HOUR_MS)
    assert.deepEqual([state.paused, state.note], [true, 'not this week'])
  })

  test('removes it, and again', async () => {
    await Promise.all([ensure(undefined), ensure(undefined)])
    await ensure(undefined)
    await assert.rejects(describeIt(), ScheduleNotFoundError)
  })
})
