import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const BOUNDARY = 'b0undary'
const NAMES: Readonly<Record<string, string>> = {
  'a path': '../../etc/passwd',
  'a path of another system': 'C:\\Windows\\system32\\drivers.txt',
  'a quote': 'say "hi".txt',
  'marks that turn the direction': 'invoice\u202Egpj.exe',
  'ten thousand letters': `${'n'.repeat(10_000)}.txt`,
  'nothing but dots': '..',
  'an address': 'https://evil.example/x?y=<script>',
  'percent signs and a line break': 'a%0d%0aSet-Cookie: x=1%00.txt',
}

describe('a hostile upload', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld({ workers: false, maxUploadBytes: 100_000 })
    api = new Requests(world.app)
  })
  after(() => world.close())

  const kept = async () => {
    const { rows } = await world.database.pool.query<{ files: number }>('select count(*)::int as files from files')
    return { rows: rows[0]?.files, objects: (await Array.fromAsync(world.objects.list('uploads/'))).length }
  }

  async function send(parts: readonly string[], headers: Record<string, string> = {}) {
    const payload = `${parts.map((part) => `--${BOUNDARY}\r\n${part}\r\n`).join('')}--${BOUNDARY}--\r\n`
    const response = await world.app.inject({
      method: 'POST',
      url: '/knowledge-base/upload',
      payload,
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers },
    })
    return { status: response.statusCode, body: response.json() as Record<string, unknown> }
  }

  const file = (content = 'x') => `Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${content}`
  const field = (name: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\nx`

  for (const [what, name] of Object.entries(NAMES))
    test(`whose name holds ${what} is kept under a key of ours, and comes back as an attachment`, async () => {
      const { id, s3_key, original_name } = await api.upload(name, 'harmless')
      assert.match(s3_key, /^uploads\/[0-9a-f-]{36}\/[0-9a-f-]{36}\/[0-9a-f-]{36}$/)
      assert.ok(original_name.length > 0 && original_name.length <= 255, `${original_name.length} characters`)
      assert.doesNotMatch(original_name, /[/\\\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
      const { headers, statusCode } = await world.app.inject(`/knowledge-base/files/${id}/content`)
      assert.equal(statusCode, 200)
      assert.match(String(headers['content-disposition']), /^attachment; filename="?[^\r\n]{1,1000}$/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['set-cookie'], undefined)
    })

  for (const [what, parts] of [
    ['thousands of parts before the file', [...Array.from({ length: 5_000 }, (_, i) => field(`f${i}`)), file()]],
    ['a part without a name', ['Content-Disposition: form-data; filename="a.txt"\r\n\r\nx']],
    ['a part without a disposition', ['X-Nothing: 1\r\n\r\nx']],
    ['a file without a file name', [field('file')]],
    ['a file under another name', [file().replace('"file"', '"data"')]],
    ['no part at all', []],
    ['headers without an end', [`Content-Disposition: form-data; name="file"; x="${'y'.repeat(100_000)}"\r\n\r\nx`]],
  ] as const)
    test(`with ${what} is refused, and nothing of it is kept`, async () => {
      const before = await kept()
      const { status, body } = await send(parts)
      assert.deepEqual([status, body.code], [400, 'FILE_PART_MISSING'], JSON.stringify(body))
      assert.deepEqual(await kept(), before)
    })

  test('of two files in one request leaves the first alone, or nothing', async () => {
    const before = await kept()
    const { status } = await send([file('first'), file('second')])
    const after = await kept()
    const more = status === 201 ? 1 : 0
    assert.deepEqual(after, { rows: (before.rows ?? 0) + more, objects: before.objects + more }, `answered ${status}`)
  })

  test('that is larger than it may be leaves neither row nor object', async () => {
    const before = await kept()
    const { status, body } = await send([file('x'.repeat(100_001))])
    assert.deepEqual([status, body.code], [413, 'UPLOAD_TOO_LARGE'])
    assert.deepEqual(await kept(), before)
  })

  test('that says it is a script is served as what browsers do not run', async () => {
    const { status, body } = await send([
      'Content-Disposition: form-data; name="file"; filename="a.html"\r\nContent-Type: text/html\r\n\r\n<script>1</script>',
    ])
    assert.equal(status, 201)
    const { headers } = await world.app.inject(`/knowledge-base/files/${body.id}/content`)
    assert.match(String(headers['content-disposition']), /^attachment;/)
    assert.match(String(headers['content-security-policy']), /default-src 'self'/)
  })
})
