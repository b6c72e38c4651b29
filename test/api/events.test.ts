import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { STAGES } from '../../domain/failure.ts'
import { EventStream } from '../support/event-stream.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const OTHER_USER = '00000000-0000-4000-8000-0000000000ff'
const LISTENING = `from pg_stat_activity where datname = current_database() and application_name = 'expertsmith-listen'`

describe('events of a run', () => {
  let world: World
  let requests: Requests
  let address: string
  const streams: EventStream[] = []

  before(async () => {
    world = await startWorld({ concurrentActivities: 4 })
    requests = new Requests(world.app)
    address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close()
  })
  after(() => world.close())

  const watch = async (expertId: string, lastEventId?: string) => {
    const stream = await EventStream.open(`${address}/experts/${expertId}/events`, lastEventId)
    streams.push(stream)
    return stream
  }
  const upload = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => requests.upload(`${i}.txt`, `Note ${i} of ${randomUUID()}.`)))

  test('tell it from the queue to the summary, each file with its stages in their order', async () => {
    const files = [...(await upload(30)), await requests.upload('broken.pdf', '%PDF-1.7 broken')]
    const expert = await requests.createExpert(files)
    const stream = await watch(expert.id)
    assert.equal(stream.status, 200)
    assert.match(String(stream.headers['content-type']), /^text\/event-stream/)
    assert.equal(stream.headers['x-accel-buffering'], 'no')
    const { data: summary } = await stream.until('summary')

    assert.equal(stream.events[0]?.name, 'progress')
    assert.equal(stream.events[0]?.data.files, 31)
    assert.deepEqual(summary, (await requests.expert(expert.id)).summary)
    const counts = { status: 'partially_ready', files: 31, indexed: 30, failed: 1, pending: 0 }
    const end = stream.named('progress').at(-1)?.data
    assert.deepEqual({ ...end, ...counts, files_per_second: 0, eta_seconds: null }, end)
    assert.ok(
      stream.named('progress').some(({ data }) => Number(data.files_per_second) > 0 && Number(data.eta_seconds) > 0),
      'a rate and a time that is left are told on the way',
    )

    // That files were added is told again while an older transaction is open, of whatever table.
    const way = ['pending', ...STAGES, 'end'] as unknown[]
    for (const { id, original_name } of files) {
      const told = stream
        .named('file')
        .filter(({ data }) => data.file_id === id)
        .map(({ data }) => data)
      const isBroken = original_name === 'broken.pdf'
      assert.equal(told.at(-1)?.status, isBroken ? 'failed' : 'indexed')
      assert.equal(told.at(-1)?.name, original_name)
      const places = told.map(({ status, stage }) =>
        way.indexOf(status === 'processing' ? stage : status === 'pending' ? status : 'end'),
      )
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
        JSON.stringify(told),
      )
    }
    const failed = stream.named('file').find(({ data }) => data.status === 'failed')?.data
    assert.deepEqual([failed?.stage, failed?.code], ['extract', 'CORRUPT'])
    assert.ok(stream.named('file').some(({ data }) => data.status === 'processing'))

    const { rows } = await world.database.pool.query(
      'select created_at < pass_began_at and pass_began_at < summarized_at as is_in_order from experts where id = $1',
      [expert.id],
    )
    assert.deepEqual(rows, [{ is_in_order: true }])

    await requests.send('POST', `/experts/${expert.id}/retry`)
    await stream.until('progress', ({ status }) => status === 'queued' || status === 'processing')
    await eventually(async () => assert.equal(stream.named('summary').length, 2, 'the stream goes on with a retry'))
  })

  test('go on without a loss where a client was cut off', async () => {
    const files = await upload(40)
    const expert = await requests.createExpert(files)
    const indexed = new Set<unknown>()
    let lastEventId: string | undefined = '0'
    let cuts = 0
    for (let isOver = false; !isOver; cuts++) {
      const stream: EventStream = await watch(expert.id, lastEventId)
      isOver = await Promise.race([
        stream.until('summary').then(() => true),
        stream.until('file', ({ status, file_id }) => status === 'indexed' && !indexed.has(file_id)).then(() => false),
      ])
      stream.close()
      // As a browser does it: what came after the last id counts as told, and is told again.
      for (const { data } of stream.named('file')) if (data.status === 'indexed') indexed.add(data.file_id)
      lastEventId = stream.lastEventId ?? lastEventId
    }
    assert.equal(indexed.size, 40)
    assert.ok(cuts > 1, `${cuts} cuts`)

    const late = await watch(expert.id, lastEventId)
    await late.until('summary')
    assert.ok(late.named('file').length < 40, 'what is known is not told again')
    const whole = await watch(expert.id, '0')
    await whole.until('summary')
    assert.equal(whole.named('file').length, 40)
    const fromElsewhere = await watch(expert.id, '999999999999999')
    await fromElsewhere.until('summary')
    assert.equal(fromElsewhere.named('file').length, 40, 'an id of another database is told everything')
  })
})

describe('watchers', () => {
  let world: World
  let requests: Requests
  let address: string
  const streams: EventStream[] = []

  before(async () => {
    world = await startWorld({ workers: false, heartbeatMs: 200, idleTimeoutMs: 1_500 })
    requests = new Requests(world.app)
    address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close()
  })
  after(() => world.close())

  const urlOf = (expertId: string) => `${address}/experts/${expertId}/events`
  const watch = async (expertId: string, lastEventId?: string) => {
    const stream = await EventStream.open(urlOf(expertId), lastEventId)
    streams.push(stream)
    return stream
  }
  const query = async (sql: string, values: unknown[] = []) => (await world.database.pool.query(sql, values)).rows
  const listening = async () => Number((await query(`select count(*) ${LISTENING}`))[0].count)
  const setStage = (expertId: string, stage: string) =>
    query(`update expert_files set status = 'processing', stage = $2 where expert_id = $1`, [expertId, stage])
  const createExpert = async (...names: string[]) =>
    requests.createExpert(await Promise.all(names.map((name) => requests.upload(name, name))))

  test('of any number cost one connection, which listens for all of them', async () => {
    const experts = await Promise.all(['one.txt', 'two.txt'].map((name) => createExpert(name)))
    const watchers = await Promise.all(Array.from({ length: 500 }, (_, i) => watch(experts[i % 2]?.id ?? '')))
    await Promise.all(watchers.map((stream) => stream.until('progress')))
    await Promise.all(experts.map(({ id }) => setStage(id, 'extract')))
    const told = await Promise.all(watchers.map((stream) => stream.until('file', ({ stage }) => stage === 'extract')))
    assert.equal(told.length, 500)
    assert.equal(await listening(), 1)
    const [all] = await query('select count(*) from pg_stat_activity where datname = current_database()')
    assert.ok(Number(all.count) <= 11, `${all.count} connections: those of the pool, and one that listens`)
  })

  test('hear a heartbeat while nothing happens, and are not cut off for silence', async () => {
    const stream = await watch((await createExpert('quiet.txt')).id)
    await eventually(async () => assert.ok(stream.comments > 15))
    assert.equal(stream.isOver, false)
    assert.deepEqual(
      stream.events.map(({ name }) => name),
      ['progress'],
    )
  })

  test("see no expert of another user's, and none that is not there", async () => {
    const { id } = await createExpert('theirs.txt')
    await query('update experts set user_id = $2 where id = $1', [id, OTHER_USER])
    for (const expertId of [id, randomUUID()]) assert.equal((await watch(expertId)).status, 404)
    assert.equal((await watch(id, 'nonsense')).status, 400)
    assert.equal((await world.app.inject({ method: 'HEAD', url: `/experts/${id}/events` })).statusCode, 405)
  })

  test('are told what happened while the connection that listens was lost', async () => {
    const { id } = await createExpert('lost.txt')
    const stream = await watch(id)
    await stream.until('progress')
    await eventually(async () => assert.equal(await listening(), 1))
    for (const stage of ['download', 'extract', 'embed']) {
      const [killed] = await query(`select pid, pg_terminate_backend(pid) ${LISTENING}`)
      await setStage(id, stage)
      await stream.until('file', (data) => data.stage === stage)
      await eventually(async () =>
        assert.notEqual((await query(`select pid ${LISTENING}`))[0]?.pid ?? killed.pid, killed.pid),
      )
    }
    assert.equal(await listening(), 1)
  })

  test('are told a summary once, though the expert is edited, or a retry comes to nothing', async () => {
    const { id } = await createExpert('edited.txt')
    await new PostgresRunStore(world.database.pool).summarize(id)
    const stream = await watch(id)
    await stream.until('summary')
    await requests.send('PATCH', `/experts/${id}`, { name: 'Another name' })
    await (await watch(id)).until('summary')
    await setStage(id, 'extract')
    await stream.until('file', ({ stage }) => stage === 'extract')
    assert.equal(stream.named('summary').length, 1)

    const experts = new PostgresExpertStore(world.database.pool)
    await experts.changeStatus(LOCAL_USER_ID, id, { from: ['failed'], to: 'queued' })
    await stream.until('progress', ({ status }) => status === 'queued')
    await experts.changeStatus(LOCAL_USER_ID, id, { from: ['queued'], to: 'failed' })
    await eventually(async () => assert.equal(stream.named('progress').at(-1)?.data.status, 'failed'))
    await setStage(id, 'embed')
    await stream.until('file', ({ stage }) => stage === 'embed')
    assert.equal(stream.named('summary').length, 1)
  })

  test('are told the rate of a pass, whose beginning an edit does not move', async () => {
    const { id } = await createExpert('done.txt', 'to-do.txt')
    await query(
      `update experts set status = 'processing', pass_began_at = now() - interval '10 seconds' where id = $1`,
      [id],
    )
    await query(
      `update expert_files set status = 'indexed', updated_at = now() - interval '5 seconds'
       where position = (select min(position) from expert_files where expert_id = $1)`,
      [id],
    )
    await requests.send('PATCH', `/experts/${id}`, { name: 'Another name' })
    const { data } = await (await watch(id)).until('progress')
    assert.ok(Number(data.files_per_second) > 0.05 && Number(data.eta_seconds) < 20, JSON.stringify(data))
  })

  test('miss nothing that is committed later than what began after it', async () => {
    const { id } = await createExpert('late.txt', 'early.txt')
    const stream = await watch(id)
    await stream.until('progress')
    const client = await world.database.pool.connect()
    try {
      const [late, early] = await query('select file_id from expert_files where expert_id = $1 order by position', [id])
      const begin = `update expert_files set status = 'processing', stage = 'store', updated_at = now() where file_id = $1`
      await client.query('begin')
      await client.query(begin, [late.file_id])
      await query(begin, [early.file_id])
      await stream.until('file', ({ file_id }) => file_id === early.file_id)
      const { lastEventId } = stream
      await client.query('commit')
      await stream.until('file', ({ file_id }) => file_id === late.file_id)
      assert.equal(stream.named('file').length, 2, 'and nothing twice')
      await (await watch(id, lastEventId)).until('file', ({ file_id }) => file_id === late.file_id)
    } finally {
      client.release()
    }
  })

  test('who do not read are dropped, and hold up nobody', async () => {
    const { id } = await createExpert('slow.txt')
    await query('update expert_files set message = $2 where expert_id = $1', [id, 'x'.repeat(20_000_000)])
    const connections = promisify(world.app.server.getConnections.bind(world.app.server))
    await eventually(async () => assert.equal(await connections(), 0))
    const slow = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => undefined)
    slow.write(`GET /experts/${id}/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n`)
    await once(slow, 'data')
    slow.pause()
    await query('update expert_files set message = null where expert_id = $1', [id])
    const quick = await watch(id)
    await quick.until('progress')
    await setStage(id, 'extract')
    await quick.until('file', ({ stage }) => stage === 'extract')
    quick.close()
    await eventually(async () => assert.equal(await connections(), 0), 20_000)
    slow.destroy()
  })

  test('hear that the expert is deleted, and that the API stops', async () => {
    const [gone, here] = [await createExpert('gone.txt'), await createExpert('here.txt')]
    const [deleted, ended] = [await watch(gone.id), await watch(here.id)]
    await Promise.all([deleted, ended].map((stream) => stream.until('progress')))
    await query('delete from experts where id = $1', [gone.id])
    await deleted.until('deleted')
    await eventually(async () => assert.ok(deleted.isOver))
    assert.equal(ended.isOver, false)
    const start = performance.now()
    await world.app.close()
    assert.ok(performance.now() - start < 3_000)
    await eventually(async () => assert.ok(ended.isOver))
  })
})
