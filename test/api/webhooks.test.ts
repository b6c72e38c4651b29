import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import type { WebhookReceipt } from '../../workflows/contract.ts'
import { webhookQueue } from '../../workflows/contract.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { assertPrivate } from '../support/private-histories.ts'
import type { ExpertJson, FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import { startWebhookReceiver, verify } from '../support/webhook-receiver.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

type Made = ExpertJson & { readonly callback_secret: string }

/** What must be nowhere but in the answers that show it: its end is in each address. */
const HIDDEN_PATH = 'a-token-in-a-path'

describe('webhooks', () => {
  let world: World
  let api: Requests
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
  let good: FileJson
  let bad: FileJson
  const secrets: string[] = []
  const lines: string[] = []

  before(async () => {
    const log = new PassThrough().on('data', (line) => lines.push(String(line)))
    openai = await startOpenAiServer()
    receiver = await startWebhookReceiver()
    const { apiKey, baseUrl } = openai
    world = await startWorld({
      embedder: { kind: 'openai', apiKey, baseUrl, model: 'text-embedding-3-small', dimensions: 32 },
      webhookAllowedHosts: ['127.0.0.1', '127.0.0.9'],
      logger: pino({ level: 'debug' }, log),
    })
    api = new Requests(world.app)
    good = await api.upload('good.txt', 'Buoys drift when their anchors are too light.')
    bad = await api.upload('bad.pdf', '%PDF-1.7 no more')
  })
  after(async () => {
    await world.close()
    await receiver.close()
    await openai.close()
  })

  /** An expert whose callback is that path of the receiver. */
  const create = async (path: string, files: FileJson[], client = api, url = receiver.url): Promise<Made> => {
    const { status, body } = await client.send('POST', '/experts', {
      name: 'Told expert',
      system_prompt: '',
      selected_files: files.map(({ id }) => id),
      callback_url: `${url}${path}`,
    })
    assert.equal(status, 202, JSON.stringify(body))
    secrets.push(String(body.callback_secret))
    return body as Made
  }
  const told = (path: string, times: number) =>
    eventually(async () => {
      const deliveries = receiver.at(path)
      assert.equal(deliveries.length, times)
      return deliveries
    })
  const deliveriesOf = (id: string) =>
    Array.fromAsync(world.client.workflow.list({ query: `ExpertId = '${id}' and WorkflowType = 'DeliverWebhook'` }))
  /** Of the only delivery of an expert, once it has ended. */
  const receiptOf = async (id: string): Promise<WebhookReceipt> => {
    const workflowId = await eventually(async () => {
      const [found] = await deliveriesOf(id)
      assert.ok(found)
      return found.workflowId
    })
    return world.client.workflow.getHandle(workflowId).result()
  }
  const events = async () =>
    (await world.database.pool.query('select count(*)::int as rows from webhook_events')).rows[0].rows
  /** By the expert's run, which has ended; searches for workflows lag behind. */
  const deliveriesBegunBy = async ({ workflow_id }: ExpertJson) => {
    const { events } = await world.client.workflow.getHandle(workflow_id).fetchHistory()
    const begun = events?.map((event) => event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name)
    return begun?.filter((name) => name === 'DeliverWebhook').length
  }
  const endOf = (expert: ExpertJson) => world.client.workflow.getHandle(expert.workflow_id).result()

  describe('at the same time', { concurrency: true }, () => {
    test('tell each pass once, signed, by counts and without names of files; not once the callback is taken away', async () => {
      const path = `/passes/${HIDDEN_PATH}`
      const expert = await create(path, [good, bad])
      await api.until(expert.id, 'partially_ready')
      const [first] = await told(path, 1)
      assert.ok(first)
      const { id, type, created_at, expert: state } = verify(first, expert.callback_secret)
      assert.deepEqual([first.headers['webhook-id'], type], [id, 'expert.partially_ready'])
      assert.equal(first.headers['content-type'], 'application/json')
      assert.ok(Math.abs(Date.parse(created_at) - Date.now()) < 60_000)
      const { summary } = await api.expert(expert.id)
      assert.deepEqual(state, {
        id: expert.id,
        name: 'Told expert',
        status: 'partially_ready',
        status_reason: null,
        progress: { files: 2, indexed: 1, failed: 1, pending: 0 },
        summary: { totals: summary?.totals, seconds: summary?.seconds },
      })
      assert.ok(!first.body.includes('bad.pdf'))

      await api.send('POST', `/experts/${expert.id}/retry`)
      const [, second] = await told(path, 2)
      assert.ok(second)
      assert.notEqual(verify(second, expert.callback_secret).id, id)

      const { body } = await api.send('PATCH', `/experts/${expert.id}`, { callback_url: null })
      assert.equal(body.callback_url, null)
      await api.send('DELETE', `/experts/${expert.id}/files/${bad.id}`)
      await api.until(expert.id, 'ready')
      await endOf(expert)
      assert.equal(await deliveriesBegunBy(expert), 2)
    })

    test('are tried again, with the same id and the same bytes, while the expert is long done', async () => {
      receiver.answerNext('/again', 500, 302)
      const expert = await create('/again', [good])
      await endOf(expert)
      const deliveries = await told('/again', 3)
      const [first] = deliveries
      for (const each of deliveries) {
        assert.equal(verify(each, expert.callback_secret).type, 'expert.ready')
        assert.deepEqual([each.headers['webhook-id'], each.body], [first?.headers['webhook-id'], first?.body])
      }
      const { outcome, status, tries } = await receiptOf(expert.id)
      assert.deepEqual([outcome, status, tries], ['delivered', 204, 3])
      assert.deepEqual(receiver.at('/elsewhere'), [])
    })

    test('to a receiver that is away hold nothing up, not even the deletion of the expert', async () => {
      const expert = await create('/', [good, bad], api, 'http://127.0.0.9:1')
      await api.until(expert.id, 'partially_ready')
      const again = await api.send('DELETE', `/experts/${expert.id}/files/${bad.id}`)
      assert.equal(again.status, 202)
      assert.equal((await endOf(expert)).status, 'ready')
      await eventually(async () => {
        const running = (await deliveriesOf(expert.id)).filter(({ status }) => status.name === 'RUNNING')
        assert.equal(running.length, 2)
      })
      await api.send('DELETE', `/experts/${expert.id}`)
      await eventually(async () => assert.equal((await api.send('GET', `/experts/${expert.id}`)).status, 404))
      assert.equal((await receiptOf(expert.id)).outcome, 'withdrawn')
    })

    test('that were not delivered when the callback was taken away go to none that is set later', async () => {
      const expert = await create('/', [good], api, 'http://127.0.0.9:1')
      await endOf(expert)
      await eventually(async () => assert.equal((await deliveriesOf(expert.id)).length, 1))
      for (const callback_url of [null, `${receiver.url}/set-later`])
        assert.equal((await api.send('PATCH', `/experts/${expert.id}`, { callback_url })).status, 200)
      assert.equal((await receiptOf(expert.id)).outcome, 'withdrawn')
      assert.deepEqual(receiver.at('/set-later'), [])
    })

    test('have a task queue of their own, so that they hold none of the slots of files', async () => {
      const expert = await create('/queue', [good])
      await receiptOf(expert.id)
      const [delivery] = await deliveriesOf(expert.id)
      const { events } = await world.client.workflow.getHandle(delivery?.workflowId ?? '').fetchHistory()
      const scheduled = events?.flatMap((event) => event.activityTaskScheduledEventAttributes ?? [])
      assert.deepEqual(
        scheduled?.map(({ activityType, taskQueue }) => [activityType?.name, taskQueue?.name]),
        [
          ['deliverWebhook', webhookQueue(world.taskQueue)],
          ['closeEvent', world.taskQueue],
        ],
      )
    })

    test('end at once where the receiver says that it is gone, or the address is one that nobody may reach', async () => {
      receiver.answerNext('/gone', 410)
      const gone = await create('/gone', [good])
      assert.deepEqual(
        { ...(await receiptOf(gone.id)), event_id: '' },
        { event_id: '', outcome: 'given_up', status: 410, tries: 1, reason: 'The receiver answered 410.' },
      )
      const gate = openai.server.hold(({ body }) => JSON.stringify(body).includes('nobody has embedded'))
      const moved = await create('/moved', [await api.upload('moved.txt', 'What nobody has embedded before.')])
      await world.database.pool.query(
        `update expert_callbacks set url = 'https://169.254.169.254/' where expert_id = $1`,
        [moved.id],
      )
      gate.open()
      const { outcome, tries, reason } = await receiptOf(moved.id)
      assert.deepEqual([outcome, tries], ['given_up', 1])
      assert.match(reason ?? '', /^The address is not one .+ WEBHOOK_ALLOWED_HOSTS can allow it\.$/)
    })

    test('have a secret that is shown to whoever makes it, and to a repeat of that request alone', async () => {
      const client = new Requests(world.app, { 'idempotency-key': randomUUID() })
      const expert = await create('/secret', [good], client)
      assert.equal((await create('/secret', [good], client)).callback_secret, expert.callback_secret)
      assert.equal('callback_secret' in (await api.expert(expert.id)), false)
      await told('/secret', 1)
      const patch = (changes: object) => api.send('PATCH', `/experts/${expert.id}`, changes)
      const moved = await patch({ callback_url: `${receiver.url}/moved-on` })
      assert.deepEqual([moved.status, 'callback_secret' in moved.body], [200, false])

      const rotating = new Requests(world.app, { 'idempotency-key': randomUUID() })
      const rotate = (by = rotating) => by.send('POST', `/experts/${expert.id}/callback-secret`)
      const { status, body } = await rotate()
      assert.equal(status, 201, JSON.stringify(body))
      assert.deepEqual((await rotate()).body, body)
      const { rowCount } = await world.database.pool.query(
        `update idempotency_keys set status = null, body = null, held_until = now() where route like '%callback-secret'`,
      )
      assert.equal(rowCount, 1, 'as if the API had died when the secret was made and nothing was said')
      assert.deepEqual((await rotate()).body, body)
      secrets.push(String(body.callback_secret))
      await api.send('POST', `/experts/${expert.id}/files`, { file_ids: [bad.id] })
      const [both] = await told('/moved-on', 1)
      assert.ok(both)
      verify(both, expert.callback_secret)
      verify(both, String(body.callback_secret))
      await world.database.pool.query('update expert_callbacks set both_until = now() where expert_id = $1', [
        expert.id,
      ])
      await api.send('DELETE', `/experts/${expert.id}/files/${bad.id}`)
      const [, one] = await told('/moved-on', 2)
      assert.ok(one)
      verify(one, String(body.callback_secret))
      assert.throws(() => verify(one, expert.callback_secret))

      await patch({ callback_url: null })
      assert.equal((await rotate(api)).body.code, 'CALLBACK_NOT_SET')
      const anew = await patch({ callback_url: `${receiver.url}/anew` })
      assert.match(String(anew.body.callback_secret), /^whsec_[\w+/]{43}=$/)
      secrets.push(String(anew.body.callback_secret))
      const { rows } = await world.database.pool.query('select k::text as row from idempotency_keys k')
      assert.ok(rows.length > 1 && rows.every(({ row }) => secrets.every((secret) => !row.includes(secret))))
    })

    test('go to no address that is not allowed', async () => {
      const expert = await create('/allowed', [good])
      for (const url of ['nonsense', 'http://example.org/', 'https://user:pass@example.org/', 'https://10.0.0.1/']) {
        const made = await api.send('POST', '/experts', {
          name: 'Refused',
          system_prompt: '',
          selected_files: [good.id],
          callback_url: url,
        })
        const edited = await api.send('PATCH', `/experts/${expert.id}`, { callback_url: url })
        for (const { status, body } of [made, edited]) {
          assert.deepEqual([status, body.code], [422, 'CALLBACK_URL_NOT_ALLOWED'], url)
          assert.match(String(body.detail), /^Nothing may be sent to this callback_url\. \S.+\.$/)
        }
      }
      assert.equal((await api.expert(expert.id)).callback_url, `${receiver.url}/allowed`)
    })
  })

  test('tell why an expert pauses, and that it was cancelled', async () => {
    openai.server.failNext({ status: 401, times: 1_000 })
    const paused = await create('/paused', [await api.upload('paused.txt', 'This one is paused.')])
    const [pause] = await told('/paused', 1)
    assert.ok(pause)
    const { type, expert } = verify(pause, paused.callback_secret)
    assert.deepEqual([type, expert.status, expert.summary], ['expert.paused', 'paused', null])
    assert.match(expert.status_reason ?? '', /^EMBEDDING_AUTH: /)
    openai.server.heal()
    await api.send('POST', `/experts/${paused.id}/retry`)
    const [, ready] = await told('/paused', 2)
    assert.equal(ready && verify(ready, paused.callback_secret).type, 'expert.ready')

    openai.server.failNext({ status: 503, times: 1_000 })
    const requests = openai.server.count('/v1/embeddings')
    const stopped = await create('/cancelled', [await api.upload('cancelled.txt', 'This one is cancelled.')])
    await eventually(async () => assert.ok(openai.server.count('/v1/embeddings') > requests))
    await api.send('POST', `/experts/${stopped.id}/cancel`)
    const [cancelled] = await told('/cancelled', 1)
    openai.server.heal()
    assert.equal(cancelled && verify(cancelled, stopped.callback_secret).type, 'expert.cancelled')
  })

  test('leave neither their secrets nor their addresses in a history or a log', async () => {
    const hidden = [...secrets, ...secrets.map((secret) => secret.slice('whsec_'.length)), HIDDEN_PATH]
    await eventually(async () => assert.equal(await events(), 0, 'what is over leaves no row'))
    assert.ok((await assertPrivate(world.client, world.taskQueue, hidden)) > 10)
    const log = lines.join('')
    assert.match(log, /Webhook delivered/)
    for (const word of hidden) assert.ok(!log.includes(word), 'the log holds a secret or an address')
  })
})
