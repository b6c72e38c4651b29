import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CreateBucketCommand, DeleteBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3'
import { ScheduleClient } from '@temporalio/client'
import { ensureSchedule } from '../../adapters/temporal-schedules.ts'
import { apiChecks } from '../../cli/operator/doctor/api-checks.ts'
import type { BucketRule } from '../../cli/operator/doctor/bucket-rule-checks.ts'
import { bucketRuleChecks } from '../../cli/operator/doctor/bucket-rule-checks.ts'
import type { Result } from '../../cli/operator/doctor/check.ts'
import { diagnose } from '../../cli/operator/doctor/diagnosis.ts'
import { redaction } from '../../cli/operator/doctor/redaction.ts'
import { renderGroup } from '../../cli/operator/doctor/report.ts'
import { loadDoctorConfig } from '../../config.ts'
import { HOUSEKEEPING, housekeepingId } from '../../workflows/contract.ts'
import { createDatabase, createEmptyDatabase } from '../support/database.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { fakeLocalSetup, fakeSetUp } from '../support/fake-local-setup.ts'
import { freePort } from '../support/free-port.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { OPENAI_TEST_KEY, startOpenAiServer } from '../support/openai-server.ts'
import { PINECONE_TEST_KEY, startPineconeServer } from '../support/pinecone-server.ts'
import { processEnvironment } from '../support/process-environment.ts'
import { s3Environment } from '../support/worker-process.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

type Settings = Readonly<Record<string, string>>
type Found = Result & { readonly group: string }

const DIMENSIONS = 64
const INDEX = 'experts'

describe('expertsmith doctor', () => {
  let world: World
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let healthy: Settings

  before(async () => {
    ;[pinecone, openai] = await Promise.all([startPineconeServer({ describesUntilReady: 0 }), startOpenAiServer()])
    const { s3, temporalAddress } = infrastructure()
    world = await startWorld({ objects: { kind: 's3', ...s3 } })
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const { connection, options } = world.client
    await ensureSchedule(connection, options.namespace, {
      scheduleId: housekeepingId(world.taskQueue),
      taskQueue: world.taskQueue,
      everyMs: 86_400_000,
      workflowType: HOUSEKEEPING,
      input: { dryRun: false },
      summary: 'Housekeeping',
    })
    await makeIndex()
    await fakeSetUp(join(world.dir, 'local'))
    healthy = {
      DATABASE_URL: world.database.url,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_TASK_QUEUE: world.taskQueue,
      DATA_DIR: world.dir,
      ...s3Environment(s3.endpoint ?? ''),
      EMBEDDINGS: 'openai',
      OPENAI_API_KEY: OPENAI_TEST_KEY,
      OPENAI_BASE_URL: openai.baseUrl,
      EMBEDDING_DIMENSIONS: String(DIMENSIONS),
      CHAT_API_KEY: OPENAI_TEST_KEY,
      CHAT_BASE_URL: openai.baseUrl,
      VECTOR_STORE: 'pinecone',
      PINECONE_API_KEY: PINECONE_TEST_KEY,
      PINECONE_INDEX: INDEX,
      PINECONE_CONTROLLER_HOST: pinecone.url,
      API_URL: `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`,
    }
  })

  after(async () => {
    const { connection } = world.client
    await new ScheduleClient({ connection }).getHandle(housekeepingId(world.taskQueue)).delete()
    await Promise.all([world.close(), pinecone.close(), openai.close()])
  })

  const makeIndex = (name = INDEX, dimension = DIMENSIONS) =>
    fetch(`${pinecone.url}/indexes`, {
      method: 'POST',
      headers: { 'api-key': PINECONE_TEST_KEY, 'content-type': 'application/json' },
      body: JSON.stringify({
        name,
        schema: { fields: { _values: { type: 'dense_vector', dimension, metric: 'cosine' } } },
        deployment: { deployment_type: 'managed', cloud: 'aws', region: 'us-east-1' },
      }),
    })

  async function diagnosed(changes: Settings = {}): Promise<Found[]> {
    const found: Found[] = []
    for await (const group of diagnose(loadDoctorConfig(processEnvironment({ ...healthy, ...changes })))) {
      found.push(...group.results.map((result) => ({ group: group.name.split(':')[0] ?? '', ...result })))
      for (const secret of secrets()) assert.ok(!renderGroup(group).includes(secret), renderGroup(group))
    }
    return found
  }

  const secrets = () => [
    OPENAI_TEST_KEY,
    PINECONE_TEST_KEY,
    infrastructure().s3.secretKey,
    new URL(world.database.url).password,
  ]

  const failures = (found: readonly Found[]) =>
    found.filter(({ status }) => status === 'failed').map(({ group, name }) => `${group}/${name}`)

  async function leavesNothing(): Promise<void> {
    for await (const { key } of world.objects.list('doctor/')) assert.fail(`${key} was left behind`)
    for await (const { key } of world.objects.unfinishedUploads('doctor/')) assert.fail(`an upload to ${key} was left`)
  }

  test('finds nothing wrong with what is healthy, and explains what is not as in production', async () => {
    const found = await diagnosed()
    assert.deepEqual(failures(found), [], JSON.stringify(found, null, 1))
    assert.deepEqual(
      found.filter(({ status }) => status === 'skipped'),
      [],
    )
    for (const { status, name, fix } of found) if (status === 'warning') assert.ok(fix, name)
    const namespace = found.find(({ name }) => name === 'Namespace')
    assert.deepEqual(
      [namespace?.status, namespace?.detail.split(';')[0]],
      ['ok', 'keeps runs that are over for 7 days'],
    )
    await leavesNothing()
    assert.deepEqual([openai.embedded, pinecone.server.count('/vectors/upsert')], [['doctor'], 0])
    assert.deepEqual(openai.chat.requests, [], 'a description costs nothing')
  })

  /** Each breaks one thing: the check that finds it, and what its fix and detail must say. */
  const BROKEN: readonly [what: string, changes: () => Settings | Promise<Settings>, check: string, says: RegExp][] = [
    [
      'an S3 secret that is wrong',
      () => ({ S3_SECRET_KEY: 'another-secret-key' }),
      'Objects/Credentials',
      /S3_SECRET_KEY/,
    ],
    ['an S3 key that is unknown', () => ({ S3_ACCESS_KEY_ID: 'nobody' }), 'Objects/Credentials', /S3_ACCESS_KEY_ID/],
    [
      'a bucket that is missing',
      () => ({ S3_BUCKET_NAME: 'expertsmith-nowhere' }),
      'Objects/Bucket',
      /aws s3 mb s3:\/\/expertsmith-nowhere --region us-east-1/,
    ],
    ['an S3 that is half configured', () => ({ S3_SECRET_KEY: '' }), 'Objects/S3', /Set S3_SECRET_KEY/],
    [
      'a database password that is wrong',
      () => ({ DATABASE_URL: withUrl(world.database.url, { password: 'wrong' }) }),
      'Postgres/Connection',
      /Correct user and password in DATABASE_URL/,
    ],
    [
      'a database that is missing',
      () => ({ DATABASE_URL: withUrl(world.database.url, { pathname: '/nowhere' }) }),
      'Postgres/Connection',
      /createdb nowhere/,
    ],
    [
      'workers that poll another queue',
      () => ({ TEMPORAL_TASK_QUEUE: 'nobody-polls-this' }),
      'Temporal/Workers for embeddings',
      /nobody polls nobody-polls-this-embedding.+npm run worker/s,
    ],
    [
      'a namespace that is missing',
      () => ({ TEMPORAL_NAMESPACE: 'nowhere' }),
      'Temporal/Namespace',
      /temporal operator namespace create --namespace nowhere/,
    ],
    ['a version that is not current', () => ({ WORKER_BUILD_ID: 'b7' }), 'Temporal/Worker versions', /--build-id b7/],
    ['a Pinecone key that is wrong', () => ({ PINECONE_API_KEY: 'pcsk_wrong' }), 'Vectors/API key', /PINECONE_API_KEY/],
    [
      'an OpenAI key that is wrong',
      () => ({ OPENAI_API_KEY: 'sk-wrong' }),
      'Embeddings/Key and model',
      /OPENAI_API_KEY/,
    ],
    [
      'a local model that cannot be used',
      () => ({ EMBEDDINGS: 'local', ...fakeLocalSetup(join(world.dir, 'local')) }),
      'Embeddings/Model',
      /config\.json.+setup:local/s,
    ],
    [
      'a key of the language model that is wrong',
      () => ({ CHAT_API_KEY: 'sk-wrong' }),
      'Asking/Key and model',
      /CHAT_AUTH.+CHAT_API_KEY/s,
    ],
    [
      'a language model that is away',
      async () => ({ CHAT_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` }),
      'Asking/Key and model',
      /CHAT_UNAVAILABLE.+CHAT_BASE_URL/s,
    ],
    ['an open door', () => ({ HOST: '0.0.0.0' }), 'Configuration/Who may call', /openssl rand -hex 32/],
  ]

  for (const [what, changes, check, says] of BROKEN)
    test(`names the check, and what to do, for ${what}`, async () => {
      const found = await diagnosed(await changes())
      const broken = found.find(({ group, name }) => `${group}/${name}` === check)
      assert.equal(broken?.status, 'failed', JSON.stringify(failures(found)))
      assert.match(`${broken?.detail}\n${broken?.fix}`, says)
      const group = check.split('/')[0]
      // Nothing else is blamed, but what is broken by the same cause.
      for (const other of failures(found)) assert.equal(other.split('/')[0], group, failures(found).join(', '))
      await leavesNothing()
    })

  test('tells migrations that are missing from those that are newer than the code', async () => {
    const [empty, newer] = await Promise.all([createEmptyDatabase(), createDatabase()])
    await newer.pool.query(`insert into migrations (name, run_on) values ('9999_of-tomorrow', now())`)
    const before_ = await diagnosed({ DATABASE_URL: empty.url })
    const after_ = await diagnosed({ DATABASE_URL: newer.url })
    const migrations = (found: Found[]) => found.find(({ name }) => name === 'Migrations')
    assert.match(migrations(before_)?.detail ?? '', /not applied: 0001_files-and-experts …/)
    assert.match(migrations(before_)?.fix ?? '', /npm run worker/)
    assert.equal(before_.find(({ name }) => name === 'Paused experts')?.status, 'skipped')
    assert.match(migrations(after_)?.detail ?? '', /newer than this version: 9999_of-tomorrow/)
    await Promise.all([empty.close(), newer.close()])
  })

  test('asks a model that is not described for one token, and says what to set where there is none', async () => {
    const asking = async (changes: Settings) => (await diagnosed(changes)).find(({ group }) => group === 'Asking')
    const answered = await asking({ CHAT_MODEL: 'undescribed' })
    assert.equal(answered?.status, 'ok', answered?.detail)
    assert.match(answered?.detail ?? '', /one token/)
    const { model, max_tokens } = openai.chat.requests.at(-1) ?? {}
    assert.deepEqual([model, max_tokens], ['undescribed', 1])
    const none = { CHAT_API_KEY: '', CHAT_BASE_URL: '', OPENAI_API_KEY: '', EMBEDDINGS: 'hashing' }
    const skipped = await asking(none)
    assert.equal(skipped?.status, 'skipped')
    assert.match(skipped?.detail ?? '', /OPENAI_API_KEY, or CHAT_API_KEY/)
  })

  test('leaves nothing on a disk that is fresh, or in folders that are empty', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-doctor-'))
    t.after(() => rm(dir, { recursive: true }))
    const simple = { OBJECT_STORE: 'disk', VECTOR_STORE: 'lancedb', DATA_DIR: dir }
    const told = async () => {
      const found = await diagnosed(simple)
      const about = found.filter(({ group, name }) => group === 'Objects' || name === 'Namespaces')
      return about.map(({ status, detail }) => `${status} ${detail.replace(dir, '')}`)
    }
    const unused = 'skipped there are none before the first file'
    assert.deepEqual(await told(), ['ok /objects is made with the first file', unused])
    assert.deepEqual(await readdir(dir, { recursive: true }), [])
    for (const folder of ['objects', 'vectors']) await mkdir(join(dir, folder))
    assert.deepEqual(await told(), ['ok /objects takes objects', unused])
    assert.deepEqual((await readdir(dir, { recursive: true })).toSorted(), ['objects', 'vectors'])
  })

  test('tells an index that is gone from one that is not made yet', async () => {
    const restore = pinecone.dropIndexes()
    const [fresh] = (await diagnosed()).filter(({ name }) => name === 'Index')
    assert.deepEqual([fresh?.status, fresh?.detail], ['ok', `${INDEX} is made with the first file`])
    const forget = await anIndexedFile('text-embedding-3-small')
    const [lost] = (await diagnosed()).filter(({ name }) => name === 'Index')
    assert.deepEqual(
      [lost?.status, lost?.detail],
      ['failed', `${INDEX} is gone, and with it the vectors of files that are indexed`],
    )
    assert.match(lost?.fix ?? '', /with 64 dimensions and the metric cosine, then: .+ rebuild-vectors/)
    await forget()
    restore()
  })

  test('says which index is there with which length, and what follows for new experts', async () => {
    const index = async (changes: Settings = {}) => {
      const { status, detail, fix } = (await diagnosed(changes)).find(({ name }) => name === 'Index') ?? {}
      return [status, detail, fix]
    }
    const other = { EMBEDDING_DIMENSIONS: '32' }
    assert.deepEqual(await index(other), [
      'ok',
      `${INDEX} is there with 64 dimensions, and stays; ${INDEX}-32, for the 32 of new experts, is made with the first file`,
      undefined,
    ])
    const restore = pinecone.dropIndexes()
    await makeIndex()
    await makeIndex(`${INDEX}-32`, 16)
    const [status, detail, fix] = await index(other)
    pinecone.dropIndexes()
    restore()
    assert.deepEqual(
      [status, detail],
      ['failed', `${INDEX}-32 is there with 16 dimensions, so vectors of 32 cannot be stored`],
    )
    assert.match(fix ?? '', /Delete experts-32 .*set PINECONE_INDEX/)
  })

  test('looks at vectors also where the model of new experts cannot be opened', async () => {
    const found = await diagnosed({ EMBEDDINGS: 'local', ...fakeLocalSetup(join(world.dir, 'local')) })
    const vectors = found.filter(({ group }) => group === 'Vectors')
    assert.deepEqual(
      vectors.map(({ name, status }) => `${name}: ${status}`),
      ['API key: ok', 'Index: ok', 'Namespaces: ok'],
    )
  })

  /** @returns what removes it */
  async function anIndexedFile(model: string) {
    const [expertId, fileId] = [randomUUID(), randomUUID()]
    const { pool } = world.database
    await pool.query(
      `with e as (insert into experts (id, user_id, name, system_prompt, status, embedding_model, embedding_dimensions)
         values ($1, $1, 'x', 'x', 'ready', $3, $4)),
       f as (insert into files (id, user_id, name, original_name, size, type, s3_url, s3_key)
         values ($2, $1, 'x', 'x', 1, 'text/plain', 'x', 'x'))
       select`,
      [expertId, fileId, model, DIMENSIONS],
    )
    await pool.query(`insert into expert_files (expert_id, file_id, status, chunks) values ($1, $2, 'indexed', 1)`, [
      expertId,
      fileId,
    ])
    return async () => {
      await pool.query('delete from experts where id = $1', [expertId])
      await pool.query('delete from files where id = $1', [fileId])
    }
  }

  test('tells which experts are paused, and why', async () => {
    const id = randomUUID()
    await world.database.pool.query(
      `insert into experts (id, user_id, name, system_prompt, status, status_reason, embedding_model, embedding_dimensions)
       values ($1, $1, 'x', 'x', 'paused', 'EMBEDDING_QUOTA_EXHAUSTED: …', 'm', 64)`,
      [id],
    )
    const paused = (await diagnosed()).find(({ name }) => name === 'Paused experts')
    assert.deepEqual([paused?.status, paused?.detail], ['warning', '1 by EMBEDDING_QUOTA_EXHAUSTED'])
    await world.database.pool.query('delete from experts where id = $1', [id])
  })

  test('finds that anybody may read the bucket', async () => {
    const { endpoint = '', region, accessKeyId, secretKey } = infrastructure().s3
    const credentials = { accessKeyId, secretAccessKey: secretKey }
    const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    const Bucket = `public-${randomUUID()}`
    await s3.send(new CreateBucketCommand({ Bucket }))
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    const found = await diagnosed({ S3_BUCKET_NAME: Bucket })
    assert.deepEqual(failures(found), ['Objects/No public access'])
    assert.match(found.find(({ status }) => status === 'failed')?.fix ?? '', /put-public-access-block --bucket public-/)
    // Which only an empty bucket lets happen.
    await s3.send(new DeleteBucketCommand({ Bucket }))
    s3.destroy()
  })

  test('ends with 0, 3 or 2: all is well, something failed, variables that cannot be read', async () => {
    const nowhere = `127.0.0.1:${await freePort()}`
    const unreachable = {
      TEMPORAL_ADDRESS: nowhere,
      DATABASE_URL: `postgres://postgres:not-told@${nowhere}/expertsmith`,
      S3_ENDPOINT: `http://${nowhere}`,
      PINECONE_CONTROLLER_HOST: `http://${nowhere}`,
      OPENAI_BASE_URL: `http://${nowhere}/v1`,
      CHAT_BASE_URL: `http://${nowhere}/v1`,
      API_URL: `http://${nowhere}`,
    }
    const doctor = (changes: Settings, ...args: string[]) =>
      expertsmith({ taskQueue: world.taskQueue, env: { ...healthy, ...changes } }, 'doctor', ...args)
    const [well, lost, unread] = await Promise.all([
      doctor({ API_URL: `http://${nowhere}` }, '--url', healthy.API_URL ?? '', '--json'),
      doctor(unreachable),
      doctor({ PORT: 'eighty', RETRY_WINDOW: 'soon', DATABASE_URL: '' }),
    ])

    assert.deepEqual([well.code, well.stderr], [0, ''])
    const { status, counts, checks } = JSON.parse(well.stdout)
    assert.deepEqual([counts.failed, status], [0, 'warning'])
    assert.deepEqual(Object.keys(checks[0]), ['group', 'name', 'status', 'detail', 'milliseconds'])

    assert.deepEqual([lost.code, lost.stderr], [3, ''])
    for (const group of ['Postgres', 'Temporal', 'Objects', 'Vectors', 'Embeddings', 'Asking', 'API'])
      assert.match(lost.stdout, new RegExp(`^${group}[^\n]*\n❌ [^\n]+\n   → `, 'm'))
    assert.match(lost.stdout, /^– {2}Migrations: skipped, needs: Connection$/m)
    assert.match(lost.stdout, /^\d+ ✅, \d+ ⚠️, 7 ❌, \d+ skipped$/m)
    for (const secret of [...secrets(), 'not-told']) assert.ok(!lost.stdout.includes(secret))

    assert.equal(unread.code, 2, unread.stderr)
    assert.match(unread.stdout, /❌ PORT: PORT=eighty is not a whole number/)
    assert.match(unread.stdout, /❌ RETRY_WINDOW: RETRY_WINDOW=soon is not a duration/)
    assert.match(unread.stdout, /❌ DATABASE_URL: DATABASE_URL is not set/)
    assert.match(unread.stdout, /^0 ✅, 0 ⚠️, 3 ❌$/m)
  })

  test('asks the API for its readiness with the key, and names what it is not told more of', async (t) => {
    const keys: (string | undefined)[] = []
    let answer: object = {}
    const api = createServer(({ headers, url }, response) => {
      if (url === '/readyz') keys.push(headers.authorization)
      response.end(JSON.stringify(answer))
    }).listen(0, '127.0.0.1')
    t.after(() => api.close())
    await once(api, 'listening')
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
    const { api: config } = loadDoctorConfig(processEnvironment(healthy))
    const [, readiness] = apiChecks({ api: config, client: { url, apiKey: 'esk_reader' } }).checks
    const told = async (next: object) => {
      answer = next
      const finding = await readiness?.find(AbortSignal.timeout(5_000))
      return `${finding?.status} ${finding?.detail}`
    }
    const parts = ['database', 'temporal'].map((name) => ({ name, status: 'ok' }))
    const away = { name: 'chat', status: 'failed' }
    assert.equal(await told({ status: 'ready', checks: parts }), 'ok database, temporal')
    assert.equal(await told({ status: 'degraded', checks: [...parts, away] }), 'warning chat')
    const reason = { ...away, detail: 'No connection.' }
    assert.equal(await told({ status: 'not_ready', checks: [reason, ...parts] }), 'failed chat: No connection.')
    assert.deepEqual(keys, Array(3).fill('Bearer esk_reader'))
    await assert.rejects(told({ ok: true }), TypeError)
    assert.match(readiness?.explain?.(new TypeError('x')).fix ?? '', /API_URL/)
  })

  test('takes keys and passwords out of what it says', () => {
    const DATABASE_URL = 'postgres://user:pass%2Fword@127.0.0.1/database'
    const OTEL_EXPORTER_OTLP_HEADERS = 'api-key=otlp-not-told'
    const secrets = { CHAT_API_KEY: 'sk-chat-not-told', DATABASE_URL, OTEL_EXPORTER_OTLP_HEADERS }
    const redact = redaction(loadDoctorConfig(processEnvironment({ ...healthy, ...secrets })))
    for (const secret of ['sk-chat-not-told', 'otlp-not-told', 'pass/word', 'pass%2Fword', healthy.S3_SECRET_KEY]) {
      const result = { name: 'x', status: 'failed', detail: `${secret} is wrong`, milliseconds: 1 } as const
      assert.equal(redact(result).detail, '••• is wrong')
    }
  })

  test('tells how the rules of the bucket stand', async () => {
    const rule = { id: 'r', before: null, wanted: 'w', state: 'missing', reason: null, fault: null } as const
    const told = async (...rules: BucketRule[]) => {
      const [cors, lifecycle] = bucketRuleChecks(async () => rules, [])
      return Promise.all([cors, lifecycle].map((check) => check?.find(AbortSignal.timeout(1_000))))
    }
    const [cors, lifecycle] = await told({ ...rule, kind: 'cors' }, { ...rule, kind: 'lifecycle', state: 'unchanged' })
    assert.deepEqual([cors?.status, lifecycle?.status], ['warning', 'ok'])
    assert.match(cors?.fix ?? '', /s3 setup/)
    const [none, unsupported] = await told({
      ...rule,
      kind: 'lifecycle',
      state: 'unsupported',
      reason: 'NotImplemented',
    })
    assert.deepEqual([none?.status, unsupported?.status], ['ok', 'warning'])
    assert.match(`${none?.detail} ${unsupported?.detail}`, /CORS_ORIGINS names no page unsupported: NotImplemented/)
    const [, off] = await told({ ...rule, kind: 'lifecycle', state: 'different', before: 'b', fault: 'is disabled' })
    assert.deepEqual([off?.status, off?.detail], ['warning', 'r is disabled (b)'])
    const [, lost] = await told({ ...rule, kind: 'lifecycle' }, { ...rule, kind: 'lifecycle', state: 'failed' })
    assert.equal(lost?.status, 'failed')
  })
})

const withUrl = (url: string, change: Partial<Pick<URL, 'password' | 'pathname'>>) =>
  Object.assign(new URL(url), change).href
