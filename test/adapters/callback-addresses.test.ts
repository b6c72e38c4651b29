import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { PublicCallbackAddresses } from '../../adapters/callback-addresses.ts'
import { HttpWebhookSender } from '../../adapters/http-webhook-sender.ts'
import { AddressRefused } from '../../domain/webhook.ts'
import { eventually } from '../support/requests.ts'

const REFUSED = [
  ...[
    '',
    'hook',
    '/hook',
    'ftp://example.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://example.org/hook',
  ],
  ...['https://user:password@example.org/', 'https://user@example.org/'],
  ...['https://localhost/', 'https://LOCALHOST./', 'https://api.localhost/'],
  ...['https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0177.0.0.1:8000/'],
  ...['https://0.0.0.0/', 'https://10.0.0.1/', 'https://172.16.0.1/', 'https://192.168.1.1/', 'https://100.64.0.1/'],
  ...['https://169.254.169.254/latest/meta-data', 'https://192.0.0.1/', 'https://198.18.0.1/', 'https://203.0.113.1/'],
  ...['https://224.0.0.1/', 'https://240.0.0.1/', 'https://255.255.255.255/'],
  ...[
    'https://[::]/',
    'https://[::1]/',
    'https://[::127.0.0.1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a00:1]/',
  ],
  ...['https://[64:ff9b::10.0.0.1]/', 'https://[64:ff9b:1::1]/', 'https://[2002:7f00:1::]/', 'https://[2001::1]/'],
  ...['https://[fc00::1]/', 'https://[fd12::1]/', 'https://[fe80::1]/', 'https://[fec0::1]/', 'https://[ff02::1]/'],
  ...['https://[2001:db8::1]/', 'https://[100::1]/', 'https://[4000::1]/'],
]

describe('addresses of callbacks', () => {
  const open = new PublicCallbackAddresses()

  test('are those of the internet, by https', () => {
    for (const url of [
      'https://example.org/hook?key=1',
      'https://example.org:8443/',
      'https://93.184.215.14/',
      'https://[2606:2800:21f::1]/',
    ])
      assert.equal(open.faultOf(url), undefined, url)
    for (const url of REFUSED) assert.match(open.faultOf(url) ?? '', /^\S.+\.$/, `${url} is taken`)
    assert.equal(open.faultOf('https://0x7f.1/'), '127.0.0.1 is not a public address.')
  })

  test('may be private where the configuration says so: hosts and addresses also by http, names in a range by https', async () => {
    const addresses = new PublicCallbackAddresses(
      ['Hooks.internal', '10.1.0.0/16', '127.0.0.1', 'fd12::/32'],
      async (host) => [{ address: host.startsWith('in') ? '10.1.2.3' : '10.2.0.1', family: 4 }],
    )
    for (const url of [
      'http://hooks.internal/',
      'http://10.1.2.3/',
      'http://127.0.0.1:8000/',
      'https://[fd12::1]/',
      'https://[::ffff:10.1.0.1]/',
    ])
      assert.equal(addresses.faultOf(url), undefined, url)
    for (const url of [
      'http://10.2.0.1/',
      'https://10.2.0.1/',
      'http://127.0.0.2/',
      'http://within.example/',
      'https://[fd13::1]/',
    ])
      assert.ok(addresses.faultOf(url), url)
    assert.deepEqual(await resolve(addresses, 'inside.example'), ['10.1.2.3'])
    assert.deepEqual(await resolve(addresses, 'hooks.internal'), ['10.2.0.1'])
    await assert.rejects(resolve(addresses, 'outside.example'), AddressRefused)
  })

  test('are looked at again whenever a connection is made, each address of a name', async () => {
    const answers = [
      ['93.184.215.14'],
      ['93.184.215.14', '127.0.0.1'],
      ['::ffff:169.254.169.254'],
      ['fe80::1%eth0'],
      [],
    ]
    const addresses = new PublicCallbackAddresses([], async () =>
      (answers.shift() ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
    assert.deepEqual(await resolve(addresses, 'rebound.example'), ['93.184.215.14'])
    for (let i = 0; i < 3; i++) await assert.rejects(resolve(addresses, 'rebound.example'), AddressRefused)
    await assert.rejects(resolve(addresses, 'nowhere.example'), /no address/)
  })

  test('are looked up two at a time, whoever has a name that nobody answers for', async () => {
    const gate = Promise.withResolvers<{ address: string; family: number }[]>()
    const asked: string[] = []
    const addresses = new PublicCallbackAddresses([], (host) => {
      asked.push(host)
      return host.startsWith('silent') ? gate.promise : Promise.resolve([{ address: '93.184.215.14', family: 4 }])
    })
    const silent = Array.from({ length: 5 }, (_, i) => resolve(addresses, `silent-${i}.example`))
    const other = resolve(addresses, 'other.example')
    assert.deepEqual(asked, ['silent-0.example', 'silent-1.example'])
    gate.resolve([{ address: '93.184.215.15', family: 4 }])
    assert.deepEqual(await other, ['93.184.215.14'])
    assert.equal((await Promise.all(silent)).length, 5)
  })
})

describe('sending a webhook', () => {
  const paths: (string | undefined)[] = []
  const closed: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    if (request.url === '/redirects') response.writeHead(307, { location: '/elsewhere', 'retry-after': '7' }).end()
    if (request.url === '/switches') {
      request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n')
      request.socket.on('close', () => closed.push('/switches'))
    }
    if (request.url === '/hangs-up') request.socket.destroy()
    if (request.url === '/endless') setInterval(() => response.write('x'.repeat(1_000)), 1).unref()
  })
  before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const send = (host: string, path: string, allowed: string[] = [], timeoutMs = 5_000) => {
    const addresses = new PublicCallbackAddresses(allowed, async () => [{ address: '127.0.0.1', family: 4 }])
    const { port } = server.address() as AddressInfo
    const url = `${host}:${port}${path}`
    return new HttpWebhookSender(addresses, timeoutMs).send({ url, headers: {}, body: '{}' })
  }

  test('makes no connection to an address that is refused, however its name is called', async () => {
    for (const host of ['https://rebound.example', 'https://127.0.0.1', 'http://127.0.0.1', 'http://rebound.example'])
      await assert.rejects(send(host, '/'), AddressRefused, host)
    assert.deepEqual(paths, [])
  })

  test('follows no redirect, waits for no end of an answer, and for no answer for ever', async () => {
    const allowed = ['hooks.internal']
    assert.deepEqual(await send('http://hooks.internal', '/redirects', allowed), { status: 307, retryAfterMs: 7_000 })
    assert.equal((await send('http://hooks.internal', '/endless', allowed)).status, 200)
    await assert.rejects(send('http://hooks.internal', '/silent', allowed, 100), { name: 'TimeoutError' })
    assert.deepEqual(paths, ['/redirects', '/endless', '/silent'])
  })

  test('comes to an end where the receiver switches protocols or hangs up', async () => {
    const allowed = ['hooks.internal']
    const { status } = await send('http://hooks.internal', '/switches', allowed)
    assert.equal(status, 101)
    await eventually(async () => assert.deepEqual(closed, ['/switches'], 'the connection is closed'))
    await assert.rejects(send('http://hooks.internal', '/hangs-up', allowed), { code: 'ECONNRESET' })
  })
})

const resolve = (addresses: PublicCallbackAddresses, host: string) =>
  new Promise<string[]>((found, failed) =>
    addresses.lookup(host, { all: true }, (error, list) =>
      error ? failed(error) : found([list].flat().map((each) => (typeof each === 'string' ? each : each.address))),
    ),
  )
