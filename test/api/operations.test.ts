import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { redactor } from '../../adapters/redaction.ts'
import type { AnsweredRequest, RequestTracing } from '../../domain/request-tracing.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const CHECKS = [
  { name: 'fine', check: async () => 'bucket of-ours' },
  { name: 'away', optional: true, check: () => Promise.reject(new Error('no route to 10.0.0.7')) },
  { name: 'paid', optional: true, check: async () => ({ unasked: 'not asked yet' }) },
]

type Line = Record<string, unknown>

describe('what operators ask', () => {
  let world: World
  let admin: Requests
  let stranger: Requests
  const lines: Line[] = []
  const spans: (AnsweredRequest & { readonly requestId: string })[] = []
  const tracing: RequestTracing = {
    begin: ({ requestId }) => ({ run: (next) => next(), end: (answer) => spans.push({ requestId, ...answer }) }),
  }

  before(async () => {
    const sink = new Writable({ write: (line, _encoding, done) => done(void lines.push(JSON.parse(String(line)))) })
    const logger = pino({ level: 'debug', hooks: { streamWrite: redactor([]) } }, sink)
    world = await startWorld({ workers: false, adminKey: ADMIN_KEY, checks: CHECKS, logger, tracing })
    admin = new Requests(world.app, bearer(ADMIN_KEY))
    stranger = new Requests(world.app)
  })
  after(() => world.close())

  const metrics = async () => (await world.app.inject({ url: '/metrics', headers: bearer(ADMIN_KEY) })).body
  const lineOf = (requestId: unknown) => lines.find((line) => line.requestId === requestId && line.msg === 'Request')

  test('/readyz tells strangers which parts answer, and those with a key what each says', async () => {
    const { status, body } = await stranger.send('GET', '/readyz')
    assert.deepEqual([status, body.status], [200, 'degraded'])
    const withoutTimes = (checks: unknown) => (checks as Line[]).map(({ milliseconds: _, ...check }) => check)
    assert.deepEqual(withoutTimes(body.checks), [
      { name: 'fine', status: 'ok' },
      { name: 'away', status: 'failed' },
      { name: 'paid', status: 'ok' },
    ])
    const wrong = await new Requests(world.app, bearer('esk_nonsense')).send('GET', '/readyz')
    assert.deepEqual(withoutTimes(wrong.body.checks), withoutTimes(body.checks))
    const known = await admin.send('GET', '/readyz')
    assert.deepEqual(withoutTimes(known.body.checks), [
      { name: 'fine', status: 'ok', detail: 'bucket of-ours' },
      { name: 'away', status: 'failed', detail: 'no route to 10.0.0.7' },
      { name: 'paid', status: 'ok', detail: 'not asked yet' },
    ])
  })

  test('/metrics is the admin’s, and counts what is in the database, by status, stage and code', async () => {
    assert.equal((await stranger.send('GET', '/metrics')).status, 401)
    const { body: key } = await admin.send('POST', '/keys', { name: 'reader', scopes: ['read'] })
    assert.equal((await new Requests(world.app, bearer(String(key.key))).send('GET', '/metrics')).status, 403)

    const files = [await admin.upload('a.txt', 'One.'), await admin.upload('b.txt', 'Two.')]
    const expert = await admin.createExpert(files)
    await world.database.pool.query(
      `update expert_files set status = 'failed', stage = 'extract', code = 'CORRUPT' where file_id = $1`,
      [files[0]?.id],
    )
    await world.database.pool.query(
      `update expert_files set status = 'indexed', stage = 'store', tokens = 10, tokens_reused = 4 where file_id = $1`,
      [files[1]?.id],
    )
    const reason = 'TOKEN_QUOTA_EXHAUSTED: The tokens of the day are used up.'
    const pause = `update experts set status = 'paused', status_reason = $2 where id = $1`
    await world.database.pool.query(pause, [expert.id, reason])
    const text = await metrics()
    for (const line of [
      'expertsmith_files{status="failed",stage="extract",code="CORRUPT"} 1',
      'expertsmith_files{status="indexed",stage="store",code=""} 1',
      'expertsmith_experts{status="paused"} 1',
      'expertsmith_paused_experts{code="TOKEN_QUOTA_EXHAUSTED"} 1',
      'expertsmith_paused_experts{code="EMBEDDING_AUTH"} 0',
      'expertsmith_indexed_tokens{source="embedded"} 6',
      'expertsmith_indexed_tokens{source="reused"} 4',
      'expertsmith_oldest_pending_file_seconds 0',
      'expertsmith_ready 1',
      'expertsmith_dependency_up{dependency="away"} 0',
      'expertsmith_task_queue_pollers{queue="embedding"} 0',
      'expertsmith_task_queue_pollers{queue="webhooks"} 0',
    ])
      assert.ok(text.includes(`\n${line}\n`), `${line} is not in\n${text}`)
    assert.doesNotMatch(text, /dependency="paid"/)
    assert.match(text, /\nexpertsmith_task_queue_backlog_tasks\{queue="workflows"\} \d/)
  })

  test('requests are counted by route: no id, no path of a stranger and no query is in a label', async () => {
    const id = '0b9e2c3a-6d5a-4c0e-9d55-7f3f3a1f0c11'
    await admin.send('GET', `/experts/${id}?secret=hunter2`)
    await admin.send('GET', '/../etc/passwd')
    const text = await metrics()
    assert.match(text, /_count\{method="GET",route="\/experts\/:id",status="404"\} 1\n/)
    assert.match(text, /_count\{method="GET",route="unknown",status="404"\} 1\n/)
    assert.match(text, /problems_total\{code="EXPERT_NOT_FOUND"\} 1\n/)
    assert.doesNotMatch(text, new RegExp(`${id}|hunter2|passwd`))
  })

  test('a request has an id, the client’s where that is harmless, in its answer, in its problem and in the log', async () => {
    const ask = async (id: string) =>
      new Requests(world.app, { ...bearer(ADMIN_KEY), 'x-request-id': id }).send('GET', '/experts/none?key=hunter2')
    const { body, headers } = await ask('order-4711.a')
    assert.deepEqual([headers['x-request-id'], body.request_id], ['order-4711.a', 'order-4711.a'])
    const { method, route, status, code, userId, key } = lineOf('order-4711.a') ?? {}
    assert.deepEqual([method, route, status, code], ['GET', '/experts/:id', 400, 'VALIDATION_FAILED'])
    assert.deepEqual([typeof userId, key], ['string', 'ADMIN_API_KEY'])

    for (const harmful of ['short', 'a\u0000b-long-enough', 'x'.repeat(101), 'with space and more', '"},{"level":50']) {
      const given = (await ask(harmful)).headers['x-request-id']
      assert.match(String(given), /^[0-9a-f-]{36}$/, harmful)
      assert.ok(lineOf(given))
    }
    assert.doesNotMatch(JSON.stringify(lines), /hunter2/)
    assert.ok(!JSON.stringify(lines).includes(ADMIN_KEY))
  })

  test('a client that goes away is counted no longer, and has its line and its span', async () => {
    const address = await world.app.listen({ host: '127.0.0.1', port: 0 })
    const expert = await admin.createExpert([await admin.upload('watched.txt', 'Watched.')])
    const inFlight = async () => Number(/_in_flight (\d+)/.exec(await metrics())?.[1])
    const before = await inFlight()
    const leave = async (head: string, requestId: string, begun = /^/) => {
      const connection = await RawConnection.open(address)
      const headers = `Host: localhost\r\nAuthorization: Bearer ${ADMIN_KEY}\r\nX-Request-Id: ${requestId}`
      connection.send(`${head.replace('\r\n', `\r\n${headers}\r\n`)}\r\n\r\n`)
      await eventually(async () => assert.equal(await inFlight(), before + 1))
      await eventually(async () => assert.match(connection.answer, begun))
      connection.close()
      await eventually(async () => assert.equal(await inFlight(), before))
      const { status, aborted, expertId } = lineOf(requestId) ?? {}
      const ended = spans.filter((span) => span.requestId === requestId)
      return { status, aborted, expertId, spans: ended.map(({ status }) => status) }
    }
    assert.deepEqual(
      await leave(`GET /experts/${expert.id}/events HTTP/1.1\r\nAccept: text/event-stream`, 'watcher-left', /200 OK/),
      { status: 200, aborted: true, expertId: expert.id, spans: [200] },
    )
    const form = 'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000'
    assert.deepEqual(await leave(`POST /knowledge-base/upload HTTP/1.1\r\n${form}`, 'uploader-left'), {
      status: 499,
      aborted: true,
      expertId: undefined,
      spans: [499],
    })
  })

  test('a request’s line leads on to the expert, the file and the workflow that it is about, and has no other id', async () => {
    const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => {
      const { headers, body: answer } = await admin.send(method, path, body)
      const { expertId, fileId, uploadId, workflowId } = lineOf(headers['x-request-id']) ?? {}
      return { answer, ids: JSON.parse(JSON.stringify({ expertId, fileId, uploadId, workflowId })) }
    }
    const file = await admin.upload('traced.txt', 'Traced.')
    const uploaded = lines.findLast(({ msg, route }) => msg === 'Request' && route === '/knowledge-base/upload')
    assert.equal(uploaded?.fileId, file.id)
    const draft = { name: 'Traced', system_prompt: '', selected_files: [file.id] }
    const made = await ask('POST', '/experts', draft)
    const workflowId = `expert-${made.answer.id}`
    assert.deepEqual(made.ids, { expertId: made.answer.id, workflowId })
    assert.deepEqual((await ask('GET', `/experts/${made.answer.id}`)).ids, { expertId: made.answer.id })
    const removed = await ask('DELETE', `/experts/${made.answer.id}/files/${file.id}`)
    assert.match(String(removed.ids.workflowId), /^remove-files-/)
    assert.deepEqual([removed.ids.expertId, removed.ids.fileId], [made.answer.id, file.id])
    const gone = '0b9e2c3a-6d5a-4c0e-9d55-7f3f3a1f0c11'
    assert.deepEqual((await ask('GET', `/knowledge-base/uploads/${gone}`)).ids, { uploadId: gone })
    assert.deepEqual((await ask('GET', '/knowledge-base/files/hunter2')).ids, {})
  })

  test('an id that is a key does not reach the log', async () => {
    const secret = `esk_${'k'.repeat(43)}`
    await new Requests(world.app, { 'x-request-id': secret }).send('GET', '/experts')
    assert.ok(!JSON.stringify(lines).includes(secret))
  })
})

test('secrets are taken out of lines, those of the configuration by value and others by their form', () => {
  const redact = redactor(['a "quoted" secret', 'short', 's3-secret-value'])
  const line = JSON.stringify({
    known: 's3-secret-value and a "quoted" secret',
    url: 'https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=abc123&x=1',
    database: 'connect to postgres://user:pa55word@db:5432/x failed, short',
    header: 'Authorization: Bearer abcdefgh1234 refused',
    keys: `sk-proj-${'a'.repeat(30)} pcsk_${'b'.repeat(30)} esk_${'c'.repeat(43)}`,
    webhook: `signed by whsec_${'d+/'.repeat(14)}e=, as whsec_short is not`,
  })
  assert.deepEqual(JSON.parse(redact(line)), {
    known: '[redacted] and [redacted]',
    url: 'https://b.s3.amazonaws.com/k?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&x=1',
    database: 'connect to postgres://user:[redacted]@db:5432/x failed, short',
    header: 'Authorization: Bearer [redacted] refused',
    keys: '[redacted] [redacted] [redacted]',
    webhook: 'signed by [redacted], as whsec_short is not',
  })
})
