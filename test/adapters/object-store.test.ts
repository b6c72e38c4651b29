import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { DiskObjectStore } from '../../adapters/disk-object-store.ts'
import { S3ObjectStore } from '../../adapters/s3-object-store.ts'
import { UnconfiguredObjectStore } from '../../adapters/unconfigured-object-store.ts'
import { type Environment, loadWorkerConfig, type S3Config } from '../../config.ts'
import type { ObjectStore } from '../../domain/ports.ts'
import { AwsLikeServer, REGION } from '../support/aws-like-server.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { eventually } from '../support/requests.ts'

type Subject = { readonly store: ObjectStore; close(): Promise<void> }

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  disk: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-objects-'))
    return { store: new DiskObjectStore({ dir }), close: () => rm(dir, { recursive: true }) }
  },
  'S3 (versitygw)': async () => ({ store: new S3ObjectStore(infrastructure().s3), close: async () => undefined }),
  'S3 of the environment': async () => ({
    store: new S3ObjectStore(realS3() as S3Config),
    close: async () => undefined,
  }),
}

function realS3(): S3Config | undefined {
  const env: Environment = { ...process.env, DATABASE_URL: 'postgres://localhost/unused' }
  const { objects } = loadWorkerConfig(env)
  return objects.kind === 's3' ? objects : undefined
}

for (const [name, open] of Object.entries(SUBJECTS))
  describe(`object store: ${name}`, {
    skip: name.endsWith('environment') && !realS3() && 'S3_BUCKET_NAME etc. are not set',
  }, () => {
    let subject: Subject
    let store: ObjectStore
    const prefix = `contract/${randomUUID()}`

    before(async () => {
      subject = await open()
      store = subject.store
    })
    after(() => subject.close())

    test('can be used', () => store.check())

    test('gives back what was uploaded, byte by byte', async () => {
      for (const content of [Buffer.alloc(0), Buffer.from('höher'), Buffer.alloc(100_000, 7)]) {
        const key = `${prefix}/${content.length}`
        await store.upload(key, content, { contentType: 'text/plain' })
        assert.deepEqual(await read(store, key), content)
        assert.equal(await store.size(key), content.length)
      }
    })

    test('takes a stream of unknown length that is larger than one part', async () => {
      const megabytes = Array.from({ length: 20 }, (_, i) => Buffer.alloc(1_048_576, i))
      await store.upload(`${prefix}/stream`, Readable.from(megabytes))
      const hash = createHash('sha256')
      for await (const chunk of await store.download(`${prefix}/stream`)) hash.update(chunk)
      assert.equal(hash.digest('hex'), createHash('sha256').update(Buffer.concat(megabytes)).digest('hex'))
    })

    test('overwrites', async () => {
      await store.upload(`${prefix}/twice`, Buffer.from('first, and longer'))
      await store.upload(`${prefix}/twice`, Buffer.from('second'))
      assert.equal(String(await read(store, `${prefix}/twice`)), 'second')
    })

    test('says OBJECT_MISSING for what is not there, and has no size for it', async () => {
      await assert.rejects(store.download(`${prefix}/missing`), { code: 'OBJECT_MISSING' })
      assert.equal(await store.size(`${prefix}/missing`), undefined)
    })

    test('deletes, and deletes again', async () => {
      await store.upload(`${prefix}/deleted`, Buffer.from('x'))
      await store.delete(`${prefix}/deleted`)
      await store.delete(`${prefix}/deleted`)
      assert.equal(await store.size(`${prefix}/deleted`), undefined)
    })

    test('lists the objects below a prefix, more of them than a page has, with size and age', async () => {
      const before = Date.now()
      const keys = Array.from({ length: 1_050 }, (_, i) => `${prefix}/list/${i % 7}/${i}`)
      for (const some of inTens(keys)) await Promise.all(some.map((key) => store.upload(key, Buffer.from(key))))
      await store.upload(`${prefix}/listed-not`, Buffer.from('x'))
      const listed = await Array.fromAsync(store.list(`${prefix}/list/`))
      assert.deepEqual(listed.map(({ key }) => key).toSorted(), keys.toSorted())
      for (const { key, size, modified } of listed) {
        assert.equal(size, Buffer.byteLength(key))
        assert.ok(Math.abs(modified.getTime() - before) < 3_600_000, modified.toISOString())
      }
    })

    test('lists nothing where nothing is, and takes a prefix that ends in the middle of a name', async () => {
      await store.upload(`${prefix}/middle/abc`, Buffer.from('x'))
      await store.upload(`${prefix}/middle/xyz`, Buffer.from('x'))
      const keys = async (below: string) => (await Array.fromAsync(store.list(below))).map(({ key }) => key)
      assert.deepEqual(await keys(`${prefix}/middle/ab`), [`${prefix}/middle/abc`])
      assert.deepEqual(await keys(`${prefix}/nothing/here/`), [])
    })

    test('tells of an upload that goes on, and discards it; what was aborted is no object, and can be aborted again', async () => {
      const key = `${prefix}/unfinished/object`
      const body = new PassThrough()
      const upload = assert.rejects(store.upload(key, body))
      body.write(Buffer.alloc(9 * 1_048_576))
      const unfinished = () => Array.fromAsync(store.unfinishedUploads(`${prefix}/unfinished/`))
      const [begun] = await eventually(async () => {
        const found = await unfinished()
        assert.equal(found.length, 1)
        return found
      })
      assert.equal(begun?.key, key)
      assert.ok(Math.abs((begun?.since.getTime() ?? 0) - Date.now()) < 3_600_000)
      assert.deepEqual(await Array.fromAsync(store.list(`${prefix}/unfinished/`)), [])
      assert.deepEqual(await Array.fromAsync(store.unfinishedUploads(`${prefix}/else/`)), [])
      if (begun) for (let times = 0; times < 2; times++) await store.abortUpload(begun)
      assert.deepEqual(await unfinished(), [])
      body.end()
      await upload
      assert.equal(await store.size(key), undefined)
      assert.deepEqual(await unfinished(), [])
    })

    for (const megabytes of [0, 12])
      test(`keeps nothing of an upload whose body breaks after ${megabytes} MB`, async () => {
        const key = `${prefix}/broken-${megabytes}`
        const body = Readable.from(breaking(megabytes))
        await assert.rejects(store.upload(key, body), /the body broke/)
        assert.equal(await store.size(key), undefined)
      })

    test('stops when it is told to', async () => {
      const abort = new AbortController()
      const upload = store.upload(`${prefix}/aborted`, Readable.from(endless(abort)), { signal: abort.signal })
      await assert.rejects(upload)
      assert.equal(await store.size(`${prefix}/aborted`), undefined)
    })
  })

describe('S3ObjectStore', () => {
  test('leaves no multipart upload behind when a body breaks', async () => {
    const { bucket, endpoint, accessKeyId, secretKey, region } = infrastructure().s3
    const store = new S3ObjectStore(infrastructure().s3)
    await assert.rejects(store.upload('leftover/broken', Readable.from(breaking(12))))
    const credentials = { accessKeyId, secretAccessKey: secretKey }
    const client = new S3Client({ region, endpoint: endpoint ?? '', forcePathStyle: true, credentials })
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: 'leftover/' }))
    assert.deepEqual(Uploads, [])
    client.destroy()
  })

  for (const [what, change, code] of [
    ['wrong credentials', { secretKey: 'wrong-secret' }, 'STORAGE_AUTH'],
    ['a missing bucket', { bucket: 'no-such-bucket' }, 'BUCKET_MISSING'],
    ['a dead endpoint', { endpoint: 'http://127.0.0.1:1' }, 'STORAGE_UNAVAILABLE'],
  ] as const)
    test(`reports ${what} as ${code}, without a secret`, async () => {
      const store = new S3ObjectStore({ ...infrastructure().s3, ...change })
      for (const attempt of attemptsOf(store))
        await assert.rejects(attempt, (error: Error & { code: string; fields: object }) => {
          assert.equal(error.code, code)
          assert.doesNotMatch(JSON.stringify([error.message, error.fields]), /secret-key|wrong-secret|test-access-key/)
          return true
        })
    })

  for (const [what, { status, error, region }, code, detail] of [
    [
      'a bucket of another region',
      { status: 400, error: 'AuthorizationHeaderMalformed', region: 'eu-central-1' },
      'BUCKET_MISSING',
      /S3_REGION.*in eu-central-1/,
    ],
    [
      'a bucket that has another address',
      { status: 301, error: 'PermanentRedirect', region: 'eu-central-1' },
      'BUCKET_MISSING',
      /S3_REGION.*in eu-central-1/,
    ],
    [
      'a bad signature',
      { status: 400, error: 'AuthorizationHeaderMalformed', region: REGION },
      'STORAGE_AUTH',
      /bucket b/,
    ],
    ['an expired token', { status: 400, error: 'ExpiredToken', region: REGION }, 'STORAGE_AUTH', /ExpiredToken/],
    [
      'a closed account',
      { status: 403, error: 'AccountProblem', region: REGION },
      'STORAGE_AUTH',
      /AccountProblem.*account/,
    ],
    ['an unsigned account', { status: 403, error: 'NotSignedUp', region: REGION }, 'STORAGE_AUTH', /NotSignedUp/],
    ['invalid security', { status: 403, error: 'InvalidSecurity', region: REGION }, 'STORAGE_AUTH', /InvalidSecurity/],
    [
      'an object of others',
      { status: 403, error: 'AccessDenied', region: REGION },
      'OBJECT_ACCESS_DENIED',
      /AccessDenied/,
    ],
    ['a request gone wrong', { status: 400, error: 'RequestTimeout', region: REGION }, 'STORAGE_UNAVAILABLE', /400/],
  ] as const)
    test(`reports ${what} as ${code}, whatever the request`, async (t) => {
      const server = await AwsLikeServer.start(t, () => ({ status, error, region }))
      const store = new S3ObjectStore(server.config)
      for (const attempt of [...attemptsOf(store), () => store.size('a'), () => store.delete('a')])
        await assert.rejects(attempt, { code, message: detail })
    })

  test('reports a wrong clock as STORAGE_AUTH, and then goes by that of S3', async (t) => {
    const server = await AwsLikeServer.start(t, ({ date }) =>
      Math.abs(date - server.clock) < 900_000
        ? undefined
        : { status: 403, error: 'RequestTimeTooSkewed', region: REGION },
    )
    server.clock += 3_600_000
    const store = new S3ObjectStore(server.config)
    await assert.rejects(store.check(), { code: 'STORAGE_AUTH', message: /clock/ })
    await store.check()
    assert.equal(await new S3ObjectStore(server.config).size('a'), 0)
  })

  test('tells wrong credentials from an object that may not be read, also where the answer has no body', async () => {
    const store = new S3ObjectStore({ ...infrastructure().s3, secretKey: 'wrong-secret' })
    await assert.rejects(store.size('a'), { code: 'STORAGE_AUTH' })
  })

  test('has deleted what a server does not find when two delete it at once', async (t) => {
    const notFound = '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>'
    const server = createServer((_, response) => {
      response.writeHead(404, { 'content-type': 'application/xml' }).end(notFound)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const store = new S3ObjectStore({ ...infrastructure().s3, endpoint: `http://127.0.0.1:${port}` })
    await store.delete('deleted-by-another')
    await assert.rejects(store.download('deleted-by-another'), { code: 'OBJECT_MISSING' })
  })

  test('knows the address of an object', () => {
    const aws = {
      ...infrastructure().s3,
      bucket: 'b',
      region: 'eu-central-1',
      endpoint: undefined,
      forcePathStyle: false,
    }
    assert.equal(new S3ObjectStore(aws).urlOf('k/1'), 'https://b.s3.eu-central-1.amazonaws.com/k/1')
    const own = { ...aws, endpoint: 'http://127.0.0.1:7070', forcePathStyle: true }
    assert.equal(new S3ObjectStore(own).urlOf('k/1'), 'http://127.0.0.1:7070/b/k/1')
  })
})

test('DiskObjectStore refuses a key that leads out of its folder, and leaves no half-written file', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-objects-'))
  t.after(() => rm(dir, { recursive: true }))
  const store = new DiskObjectStore({ dir })
  await assert.rejects(store.upload('../outside', Buffer.from('x')), /leads out of the store/)
  await assert.rejects(store.upload('a/b', Readable.from(breaking(1))))
  const files = await readdir(dir, { recursive: true, withFileTypes: true })
  assert.deepEqual(
    files.filter((file) => file.isFile()),
    [],
  )
})

test('UnconfiguredObjectStore names the variables that are missing', async () => {
  const store = new UnconfiguredObjectStore({ missing: ['S3_BUCKET_NAME', 'S3_SECRET_KEY'] })
  const expected = { code: 'STORAGE_NOT_CONFIGURED', message: /\(S3_BUCKET_NAME and S3_SECRET_KEY are not set\)/ }
  await assert.rejects(store.upload(), expected)
  await assert.rejects(store.download(), expected)
  await assert.rejects(store.check(), expected)
  await store.delete()
  assert.deepEqual(await Array.fromAsync(store.list()), [])
  assert.deepEqual(await Array.fromAsync(store.unfinishedUploads()), [])
})

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await store.download(key)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function* inTens<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += 10) yield items.slice(start, start + 10)
}

async function* breaking(megabytes: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < megabytes; i++) yield Buffer.alloc(1_048_576)
  throw new Error('the body broke')
}

async function* endless(abort: AbortController): AsyncGenerator<Buffer> {
  for (let i = 0; ; i++) {
    if (i === 10) abort.abort()
    yield Buffer.alloc(1_048_576)
  }
}

const attemptsOf = (store: S3ObjectStore) => [
  () => store.upload('a', Buffer.from('a')),
  () => store.download('a'),
  () => store.check(),
]
