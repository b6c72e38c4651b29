import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { ApiClient } from '../../cli/api/api-client.ts'
import { ApiError } from '../../cli/api/api-error.ts'
import { sendStreamed } from '../../cli/api/send-streamed.ts'
import { ExpertsmithCommand } from '../support/expertsmith.ts'

const ID = '441f5ea6-f626-4f2d-aacf-ef191d66dabb'
const progress = {
  status: 'processing',
  files: 3,
  indexed: 1,
  failed: 0,
  pending: 2,
  files_per_second: 1,
  eta_seconds: 2,
}

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** Answers each request by the next of these, and the last of them again and again. */
async function server(t: TestContext, ...answers: Answer[]): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const http = createServer((request, response) => {
    requests.push(request)
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    request.resume()
    answer?.(response, request)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, requests }
}

const json =
  (status: number, body: unknown, headers = {}): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

const events =
  (text: string, then: 'ends' | 'breaks' | 'stays'): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text, () => {
      if (then === 'ends') response.end()
      if (then === 'breaks') setImmediate(() => response.destroy())
    })
  }

const event = (name: string, data: object, id?: number) =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

describe('the client of the API', () => {
  test('waits as long as it is asked to, and sends the same Idempotency-Key again', async (t) => {
    const busy = json(429, { code: 'TOO_MANY_REQUESTS', detail: 'Later.' }, { 'retry-after': '0' })
    const away = json(503, { code: 'TEMPORAL_UNAVAILABLE', detail: 'Soon.' }, { 'retry-after': '0' })
    const { url, requests } = await server(t, busy, (response) => response.destroy(), away, json(202, { id: ID }))
    const expert = { name: 'x', system_prompt: 'y', voice_id: null, selected_files: [ID] }
    assert.equal((await new ApiClient({ url }).experts.create(expert)).id, ID)
    assert.equal(requests.length, 4)
    assert.equal(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size, 1)
  })

  test('gives up after a few times, or where it would take too long', async (t) => {
    const away = await server(t, json(503, { code: 'DATABASE_UNAVAILABLE', detail: 'Away.' }, { 'retry-after': '0' }))
    await assert.rejects(new ApiClient(away).experts.get(ID), { code: 'DATABASE_UNAVAILABLE', message: 'Away.' })
    assert.equal(away.requests.length, 6)
    const long = await server(t, json(429, { code: 'TOO_MANY_REQUESTS', detail: 'Later.' }, { 'retry-after': '900' }))
    await assert.rejects(new ApiClient(long).experts.get(ID), ApiError)
    assert.equal(long.requests.length, 1)
  })

  test("tells a proxy's page by its status", async (t) => {
    const { url } = await server(t, (response) => response.writeHead(502).end('<html>Bad Gateway</html>'))
    await assert.rejects(new ApiClient({ url }).experts.get(ID), { code: 'HTTP_502', message: /502 Bad Gateway/ })
  })

  test('goes on with events where they broke off, also while the API starts again', async (t) => {
    const { url, requests } = await server(
      t,
      events(event('progress', progress, 7) + event('file', { file_id: ID }), 'breaks'),
      json(503, { code: 'DATABASE_UNAVAILABLE', detail: 'Away.' }, { 'retry-after': '0' }),
      events(event('progress', { ...progress, indexed: 3 }, 9), 'ends'),
      events(event('summary', {}, 9), 'stays'),
    )
    const names: string[] = []
    const controller = new AbortController()
    for await (const { event: name } of new ApiClient({ url }).experts.events(ID, controller.signal)) {
      names.push(name)
      if (name === 'summary') break
    }
    assert.deepEqual(names, ['progress', 'file', 'progress', 'summary'])
    assert.deepEqual(
      requests.map(({ headers }) => headers['last-event-id']),
      [undefined, '7', '7', '9'],
    )
  })

  test('tells whether files can be processed, which the API itself can do without', async (t) => {
    const checks = ['postgres', 'temporal', 'workers'].map((name) => ({ name, status: 'ok' }))
    const idle = checks.map((check) => ({ ...check, status: check.name === 'workers' ? 'failed' : 'ok' }))
    const { url } = await server(
      t,
      json(503, { status: 'not_ready', checks }),
      json(200, { status: 'degraded', checks: idle }),
      json(200, { status: 'degraded', checks: [...checks, { name: 'chat', status: 'failed' }] }),
    )
    const api = new ApiClient({ url })
    const answers = [await api.canProcessFiles(), await api.canProcessFiles(), await api.canProcessFiles()]
    assert.deepEqual(answers, [false, false, true])
  })

  test('ends a watch where the expert is gone, or was never there', async (t) => {
    const { url } = await server(t, json(404, { code: 'EXPERT_NOT_FOUND', detail: 'There is no such expert.' }))
    const { signal } = new AbortController()
    await assert.rejects(new ApiClient({ url }).experts.events(ID, signal).next(), { code: 'EXPERT_NOT_FOUND' })
  })
})

const EXAMPLE = join(import.meta.dirname, '../../examples/04-faq.md')

describe('expertsmith upload', () => {
  const none = json(200, { items: [], next_cursor: null })
  const upload = (apiUrl: string, ...args: string[]) =>
    new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'upload', EXAMPLE, ...args)

  for (const [when, begin] of [
    ['its answer has not begun', (_response: ServerResponse, then: () => void) => then()],
    [
      'half of its answer is there',
      (response: ServerResponse, then: () => void) => response.writeHead(201).write('{"id":', then),
    ],
  ] as const)
    test(`ends by Ctrl-C where the file is sent, and ${when}`, async (t) => {
      let command: ExpertsmithCommand | undefined
      const silent: Answer = (response, request) => request.on('end', () => begin(response, () => command?.interrupt()))
      const { url } = await server(t, none, silent)
      command = upload(url)
      const { code, stdout, stderr } = await command.result
      assert.deepEqual([code, stdout], [130, ''])
      assert.match(stderr, /^\nStopped\. 0 files of 1 are uploaded/)
    })

  test('goes on past a file for which the quota has no room, and not past a key that may not write', async (t) => {
    const full = json(403, { code: 'QUOTA_EXCEEDED', detail: 'No room.' })
    const more = [join(EXAMPLE, '../05-release-notes.txt'), '--parallel', '1', '--json']
    const quota = await server(t, none, full, json(201, { id: ID, original_name: 'x' }))
    const past = await upload(quota.url, ...more).result
    assert.equal(past.code, 3, past.stderr)
    const { files, failed } = JSON.parse(past.stdout)
    assert.deepEqual([files.length, failed[0].code], [1, 'QUOTA_EXCEEDED'])

    const reader = await server(t, none, json(403, { code: 'SCOPE_MISSING', detail: 'It may not write.' }))
    const stopped = await upload(reader.url, ...more).result
    assert.deepEqual([stopped.code, JSON.parse(stopped.stdout).failed.length], [1, 2], stopped.stderr)
    assert.equal(reader.requests.length, 2)
  })

  test('gives up a connection on which nothing comes any more', async (t) => {
    const { url } = await server(t, () => undefined)
    const body = (async function* () {})()
    const sent = sendStreamed(url, { method: 'POST', headers: {}, body, silenceMs: 50 })
    await assert.rejects(sent, { code: 'ETIMEDOUT', message: 'nothing came for 0.05 s' })
  })
})

describe('expertsmith ask', () => {
  const found = json(200, { id: ID, name: 'Docs' })
  const ask = (apiUrl: string, ...args: string[]) =>
    new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'ask', ID, 'Why?', ...args).result

  test('asks once, however the answer is wanted, since each is paid for', async (t) => {
    const away = json(503, { code: 'CHAT_UNAVAILABLE', detail: 'Away.' }, { 'retry-after': '0' })
    for (const how of [[], ['--json'], ['--no-stream']]) {
      const { url, requests } = await server(t, found, away)
      const { code, stderr } = await ask(url, ...how)
      assert.deepEqual([code, stderr, requests.length], [1, '✘ CHAT_UNAVAILABLE: Away.\n', 2], how.join())
    }
  })

  test('says that an answer broke off, on a line of its own', async (t) => {
    for (const then of ['breaks', 'ends'] as const) {
      const { url } = await server(t, found, events(event('delta', { text: 'It is' }), then))
      const { code, stdout, stderr } = await ask(url)
      assert.deepEqual([code, stdout, stderr], [1, 'It is\n', '✘ The answer broke off; ask again.\n'], then)
    }
  })
})

describe('expertsmith status --watch', () => {
  const found = json(200, { id: ID, name: 'Docs', progress: { failed: 0 } })
  const embeddings = { provider: 'hashing', model: 'hashing-v1', dimensions: 8, reason: null }
  const rest = { summary: null, embeddings, reindex: null, temporal_ui_url: 'http://ui' }

  test('says on Ctrl-C that the expert goes on, and ends with 130', async (t) => {
    let command: ExpertsmithCommand | undefined
    const watched: Answer = (response, request) => {
      events(event('progress', progress, 1), 'stays')(response, request)
      command?.interrupt()
    }
    const { url: apiUrl } = await server(t, found, watched)
    command = new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'status', ID, '--watch')
    const { code, stdout, stderr } = await command.result
    assert.deepEqual([code, stdout], [130, ''])
    assert.equal(stderr, `\nThe expert goes on. To see it again: expertsmith status ${ID} --watch\n`)
  })

  test('goes on where the expert is paused until the tokens of the next day', async (t) => {
    const reason = 'TOKEN_QUOTA_EXHAUSTED: The tokens of the day are used up.'
    const paused = { ...progress, status: 'paused', status_reason: reason }
    const expert = {
      ...{ id: ID, name: 'Docs', status: 'ready', status_reason: null, ...rest },
      progress: { files: 3, indexed: 3, failed: 0, pending: 0 },
    }
    const told = event('progress', paused, 1) + event('summary', {}, 2)
    const { url: apiUrl } = await server(t, found, events(told, 'stays'), json(200, expert))
    const command = new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'status', ID, '--watch')
    const { code, stdout, stderr } = await command.result
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ready\n3 of 3 files indexed$/m)
  })

  test('ends with 1 where the expert was deleted, also while it is created', async (t) => {
    const deleted = events(event('progress', progress, 1) + event('deleted', {}, 2), 'stays')
    const { url: apiUrl } = await server(t, json(202, { id: ID, name: 'Docs' }), deleted)
    const options = ['--name', 'Docs', '--prompt', '', '--file', ID, '--watch', '--json']
    const command = new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'create', ...options)
    const { code, stdout, stderr } = await command.result
    assert.equal(code, 1, stderr)
    assert.deepEqual(JSON.parse(stdout), { id: ID, status: 'deleted' })
  })

  test('ends with 1 where the expert is paused, since it waits for somebody', async (t) => {
    const paused = { ...progress, status: 'paused', status_reason: 'The bucket is gone.' }
    const expert = {
      ...{ id: ID, name: 'Docs', status: 'paused', status_reason: 'The bucket is gone.', ...rest },
      progress: { files: 3, indexed: 1, failed: 0, pending: 2 },
    }
    const { url: apiUrl } = await server(t, found, events(event('progress', paused, 1), 'stays'), json(200, expert))
    const command = new ExpertsmithCommand({ apiUrl, temporalAddress: '127.0.0.1:1' }, 'status', ID, '--watch')
    const { code, stdout } = await command.result
    assert.equal(code, 1)
    assert.match(stdout, /^paused: The bucket is gone\.\n1 of 3 files indexed, 2 to come$/m)
  })
})
