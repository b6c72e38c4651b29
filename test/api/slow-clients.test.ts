import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawConnection } from '../support/raw-connection.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'a-key-of-the-configuration-of-40-letters'
const AUTHORIZATION = `Authorization: Bearer ${ADMIN_KEY}\r\n`
const STRANGER =
  'POST /knowledge-base/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n'
const HEAD = `${STRANGER}${AUTHORIZATION}`
const PART = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
const END = '\r\n--b--\r\n'

describe('a client', { concurrency: true }, () => {
  let world: World
  let address: string
  const connections: RawConnection[] = []

  before(async () => {
    world = await startWorld({
      workers: false,
      adminKey: ADMIN_KEY,
      idleTimeoutMs: 1_000,
      requestTimeoutMs: 2_000,
      bodyTimeoutMs: 500,
    })
    address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    for (const connection of connections) connection.close()
    await world.close()
  })

  const open = async (allowHalfOpen = false) => {
    const connection = await RawConnection.open(address, allowHalfOpen)
    connections.push(connection)
    return connection
  }
  /** What the store has of uploads, and what it has begun. */
  const kept = async () => [
    ...(await Array.fromAsync(world.objects.list('uploads/'))),
    ...(await Array.fromAsync(world.objects.unfinishedUploads('uploads/'))),
  ]
  const uploadHasBegun = () => eventually(async () => assert.ok((await kept()).length > 0), 5_000, 10)
  const nothingIsKept = () =>
    eventually(async () => {
      const { rows } = await world.database.pool.query('select count(*)::int as files from files')
      assert.deepEqual([rows[0]?.files, await kept()], [0, []])
    })
  const answersIn = (text: string) => text.match(/^HTTP\/1\.1 \d+/gm)

  test('that falls silent in the middle of an upload is cut off, and nothing of it is kept', async () => {
    const client = await open()
    client.send(`${HEAD}Content-Length: 100000\r\n\r\n${PART}the beginning`)
    await uploadHasBegun()
    await client.untilClosed()
    await nothingIsKept()
  })

  test('that sends a few bytes now and then is cut off when its time is up, and nothing of it is kept', async () => {
    const client = await open()
    client.send(`${HEAD}Content-Length: 100000\r\n\r\n${PART}`)
    client.drip('x', 200)
    await uploadHasBegun()
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s)
    await nothingIsKept()
  })

  test('that is refused, and goes on sending, is answered once and hung up on', async () => {
    const client = await open(true)
    client.send(`${STRANGER}Content-Length: 100000\r\n\r\n${PART}`)
    client.drip('x', 200)
    const answer = await client.untilClosed()
    assert.deepEqual(answersIn(answer), ['HTTP/1.1 401'])
    assert.match(answer, /^connection: close\r$/im)
    assert.match(answer, /"code":"UNAUTHENTICATED"/)
  })

  test('whose body is no upload has seconds for it, and is told so', async () => {
    const client = await open()
    client.send(
      `POST /experts HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    )
    client.drip(' ', 100)
    const answer = await client.untilClosed()
    assert.deepEqual(answersIn(answer), ['HTTP/1.1 408'])
    assert.match(answer, /"code":"REQUEST_TIMEOUT".*"request_id"/s)
  })

  test('that sends no HTTP in the middle of an answer gets nothing into it', async () => {
    const id = await expertThatIsWaited()
    const client = await open()
    client.send(`GET /experts/${id}/events HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}\r\n`)
    await client.until(/^HTTP\/1\.1 200 /)
    client.send('no HTTP at all\r\n\r\n')
    assert.deepEqual(answersIn(await client.untilClosed()), ['HTTP/1.1 200'])
  })

  /** One whose events go on: no worker takes it up. */
  async function expertThatIsWaited(): Promise<string> {
    const api = new Requests(world.app, { authorization: `Bearer ${ADMIN_KEY}` })
    const file = await api.upload('a.txt', 'Waiting.')
    const { id } = await api.createExpert([file])
    await world.database.pool.query('delete from expert_files')
    assert.equal((await api.send('DELETE', `/knowledge-base/files/${file.id}`)).status, 204)
    return id
  }

  test('that never ends its headers is cut off', async () => {
    const client = await open()
    client.send('GET /healthz HTTP/1.1\r\n')
    client.drip('X-More: 1\r\n', 200)
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s)
  })

  test('whose headers are too large is told so', async () => {
    const client = await open()
    client.send(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`)
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 431 .*"code":"HEADERS_TOO_LARGE"/s)
  })

  for (const [what, lengths] of [
    ['two lengths', 'Content-Length: 10\r\nContent-Length: 20\r\n'],
    ['a length and chunks', 'Content-Length: 10\r\nTransfer-Encoding: chunked\r\n'],
    ['a length that is no number', 'Content-Length: 0x10\r\n'],
    ['a coding that hides chunks', 'Transfer-Encoding: chunked, identity\r\n'],
  ] as const)
    test(`that says ${what} is refused, and its body is no second request`, async () => {
      const client = await open()
      client.send(`${HEAD}${lengths}\r\n0\r\n\r\nDELETE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      const answer = await client.untilClosed()
      assert.match(answer, /^HTTP\/1\.1 400 .*"code":"MALFORMED_REQUEST"/s)
      assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, answer)
    })

  test('that sends less than it said is refused, and nothing of it is kept', async () => {
    const client = await open()
    const body = `${PART}x${END}`
    client.send(`${HEAD}Content-Length: ${body.length - 10}\r\nConnection: close\r\n\r\n${body}`)
    assert.match(await client.untilClosed(), /^HTTP\/1\.1 400 /)
    await nothingIsKept()
  })
})
