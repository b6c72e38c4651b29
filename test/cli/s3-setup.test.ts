import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GetBucketCorsCommand, PutBucketCorsCommand } from '@aws-sdk/client-s3'
import type { BucketRule } from '../../adapters/s3-bucket-rules.ts'
import { S3BucketRules } from '../../adapters/s3-bucket-rules.ts'
import { bucketLifetimes } from '../../adapters/wanted-bucket-rules.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { LifecycleServer } from '../support/lifecycle-server.ts'
import { ownBucket, s3Client } from '../support/own-bucket.ts'
import { s3Environment } from '../support/worker-process.ts'

const ORIGIN = 'https://app.example.org'
const WANTED = { origins: [ORIGIN], abortDays: 7, derivedDays: 30 }
const states = (rules: readonly BucketRule[]) => rules.map(({ id, state }) => [id, state])

const setup = (env: Record<string, string>, ...args: string[]) =>
  expertsmith({ taskQueue: 'unused', env }, 's3', 'setup', ...args)

test('expertsmith s3 setup sets CORS beside rules of others, once, and says what this server does not support', async () => {
  const s3 = await ownBucket()
  const env = { ...s3Environment(s3.endpoint ?? ''), S3_BUCKET_NAME: s3.bucket, CORS_ORIGINS: ORIGIN }
  const client = s3Client(s3)
  const others = [{ ID: 'theirs', AllowedMethods: ['GET'], AllowedOrigins: ['https://other.example'] }]
  const cors = { Bucket: s3.bucket, CORSConfiguration: { CORSRules: others } }
  await client.send(new PutBucketCorsCommand(cors))

  const dry = await setup(env, '--dry-run')
  assert.equal(dry.code, 3, dry.stderr)
  assert.match(
    dry.stdout,
    /⚠️ CORS expertsmith-direct-uploads: would be set to PUT, GET, HEAD from https:\/\/app\.example\.org; there was none/,
  )
  const first = await setup(env)
  assert.equal(first.code, 3)
  assert.match(
    first.stdout,
    /✅ CORS expertsmith-direct-uploads: set to PUT, GET, HEAD from https:\/\/app\.example\.org; there was none/,
  )
  assert.match(
    first.stdout,
    /⚠️ lifecycle expertsmith-derived: unsupported, the server answered NotImplemented\. What was derived of files is kept/,
  )
  assert.match(first.stdout, /1 other CORS rule was kept/)

  const again = await setup(env, '--json')
  const { bucket, rules } = JSON.parse(again.stdout) as { bucket: string; rules: BucketRule[] }
  assert.equal(bucket, s3.bucket)
  assert.deepEqual(states(rules), [
    ['expertsmith-direct-uploads', 'unchanged'],
    ['expertsmith-uploads', 'unsupported'],
    ['expertsmith-derived', 'unsupported'],
  ])
  const { CORSRules = [] } = await client.send(new GetBucketCorsCommand({ Bucket: s3.bucket }))
  client.destroy()
  assert.deepEqual(
    CORSRules.map(({ ID }) => ID),
    ['theirs', 'expertsmith-direct-uploads'],
  )
  const preflight = await fetch(`${s3.endpoint}/${s3.bucket}/uploads/a`, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-amz-checksum-sha256',
    },
  })
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [200, ORIGIN])
})

test('expertsmith s3 setup refuses what is no origin, too few days, and a store that has no bucket', async () => {
  const [disk, page, hasty] = await Promise.all([
    setup({ OBJECT_STORE: 'disk' }),
    setup({}, '--origin', 'https://app.example.org/page'),
    setup({ ...s3Environment('http://127.0.0.1:1'), RETRY_WINDOW: '9d' }, '--derived-days', '9'),
  ])
  assert.deepEqual([disk.code, disk.stdout], [2, ''])
  assert.match(disk.stderr, /There is no bucket to set up: objects are kept on disk/)
  assert.match(page.stderr, /--origin <origin\.\.\.>.+https:\/\/app\.example\.org\/page.+An origin is/)
  assert.equal(hasty.code, 2)
  assert.match(hasty.stderr, /--derived-days 9 is too few: .+RETRY_WINDOW and FILE_DEADLINE.+ 10 is the least\./)
})

describe('the lifecycle rules of a bucket', () => {
  const theirs =
    '<Rule><ID>theirs</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration></Rule>'

  test('are set beside those of others, and found unchanged after that', async (t) => {
    const server = await LifecycleServer.start(t, theirs)
    const rules = new S3BucketRules(server.config)
    const lifecycle = { ...WANTED, origins: [] }
    assert.deepEqual(states(await rules.survey(lifecycle)), [
      ['expertsmith-uploads', 'missing'],
      ['expertsmith-derived', 'missing'],
    ])
    assert.deepEqual(
      (await rules.set(lifecycle)).map(({ state, others }) => [state, others]),
      [
        ['set', 1],
        ['set', 1],
      ],
    )
    assert.match(server.rules, /<ID>theirs<\/ID>.*<ID>expertsmith-uploads<\/ID>.*<ID>expertsmith-derived<\/ID>/s)
    assert.match(server.rules, /<Days>3<\/Days>.*<DaysAfterInitiation>7<\/DaysAfterInitiation>.*<Days>30<\/Days>/s)
    const puts = server.puts
    assert.deepEqual(
      (await rules.set(lifecycle)).map(({ state }) => state),
      ['unchanged', 'unchanged'],
    )
    assert.equal(server.puts, puts)
    const [, derived] = await rules.set({ ...lifecycle, derivedDays: 60 })
    assert.deepEqual(
      [derived?.state, derived?.before],
      ['set', 'derived/: delete after 30 days, abort uploads after 7 days'],
    )
  })

  test('that cannot be set leave a receipt of what was tried, and fail the command where all have failed', async (t) => {
    const server = await LifecycleServer.start(t, theirs)
    server.fails = 'MalformedXML'
    const rules = await new S3BucketRules(server.config).set(WANTED)
    assert.deepEqual(
      rules.map(({ kind, state, reason }) => [kind, state, reason?.split(',')[0]]),
      [
        ['cors', 'refused', 'the credentials lack s3:GetBucketCORS and s3:PutBucketCORS on the bucket'],
        ['lifecycle', 'failed', 'MalformedXML: injected by a test'],
        ['lifecycle', 'failed', 'MalformedXML: injected by a test'],
      ],
    )
    const { bucket, endpoint = '' } = server.config
    const env = { ...s3Environment(endpoint), S3_BUCKET_NAME: bucket }
    const [all, some] = await Promise.all([setup(env), setup(env, '--origin', ORIGIN)])
    assert.deepEqual([all.code, some.code, all.stderr], [1, 3, ''])
    assert.match(all.stdout, /❌ lifecycle expertsmith-uploads: failed, MalformedXML: injected by a test/)
    assert.equal(server.puts, 0)
  })

  test('that are off, or go to work too early, say what harm they do', async (t) => {
    const server = await LifecycleServer.start(t, theirs)
    const rules = new S3BucketRules(server.config)
    const DAY = 86_400_000
    const lifetimes = bucketLifetimes({ uploadLifetimeMs: 2 * DAY, retryWindowMs: 40 * DAY, fileDeadlineMs: DAY })
    assert.deepEqual(lifetimes, { abortDays: 7, derivedDays: 41, least: { abortDays: 2, derivedDays: 41 } })
    const faults = async () => {
      const found = await rules.survey({ ...lifetimes, origins: [] })
      return found.map(({ fault }) => fault)
    }
    await rules.set({ abortDays: 2, derivedDays: 50, origins: [] })
    assert.deepEqual(await faults(), [null, null])
    await rules.set({ abortDays: 1, derivedDays: 40, origins: [] })
    assert.deepEqual(await faults(), [
      'aborts uploads before UPLOAD_LIFETIME has passed',
      'aborts uploads before UPLOAD_LIFETIME has passed',
    ])
    await rules.set({ abortDays: 2, derivedDays: 40, origins: [] })
    assert.deepEqual(await faults(), [
      null,
      'deletes what runs may need until RETRY_WINDOW and FILE_DEADLINE have passed',
    ])
    server.rules = server.rules.replaceAll('Enabled', 'Disabled')
    assert.deepEqual(await faults(), ['is disabled', 'is disabled'])
  })

  test('that may not be read say which permission is missing', async (t) => {
    const server = await LifecycleServer.start(t, theirs)
    server.refuses = true
    const [rule] = await new S3BucketRules(server.config).survey({ ...WANTED, origins: [] })
    assert.equal(rule?.state, 'refused')
    assert.match(String(rule?.reason), /s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration/)
  })
})
