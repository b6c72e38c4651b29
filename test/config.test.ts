import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { ConfigurationError, Environment } from '../config.ts'
import {
  loadApiConfig,
  loadClientConfig,
  loadDoctorConfig,
  loadLocalSetupConfig,
  loadRebuildConfig,
  loadStackConfig,
  loadTemporalClientConfig,
  loadWorkerConfig,
} from '../config.ts'
import { childEnvironment } from '../stack/child-environment.ts'
import { fakeLocalSetup, fakeSetUp } from './support/fake-local-setup.ts'

const LEAST = { DATABASE_URL: 'postgres://user:password@127.0.0.1:5432/expertsmith' }

/** Whatever is set up on the machine of the developer. */
const NOT_LOCAL = { LOCAL_EMBEDDINGS_DIR: '/nowhere' }

describe('configuration', () => {
  test('reports everything that is wrong at once, with the name and what would be right', () => {
    const env = { PORT: 'eighty', RETRY_WINDOW: 'soon', VECTOR_STORE: 'chroma', S3_FORCE_PATH_STYLE: 'yes' }
    assert.throws(
      () => loadWorkerConfig({ ...env, OBJECT_STORE: 'disk' }),
      (error: Error) => {
        assert.match(error.message, /RETRY_WINDOW=soon is not a duration with its unit, such as 7d/)
        assert.match(error.message, /VECTOR_STORE=chroma is not one of lancedb, pinecone/)
        assert.match(error.message, /DATABASE_URL is not set; example: DATABASE_URL=postgres:/)
        return true
      },
    )
    assert.throws(() => loadApiConfig({ ...LEAST, ...env }), /PORT=eighty is not a whole number from 1 to 65535/)
  })

  test('does not repeat a value that may hold a secret', () => {
    assert.throws(
      () => loadApiConfig({ DATABASE_URL: 'hunter2' }),
      (error: Error) => !error.message.includes('hunter2'),
    )
  })

  test('knows whether the API listens to this machine only, and by which names it is called', () => {
    const { isLocal, ownHosts } = loadApiConfig({ ...LEAST, HOST: '0.0.0.0', PUBLIC_URL: 'https://api.example.org' })
    assert.equal(isLocal, false)
    assert.ok(ownHosts.includes('api.example.org'))
    assert.equal(loadApiConfig(LEAST).isLocal, true)
    assert.equal(loadApiConfig({ ...LEAST, HOST: '127.0.0.9' }).isLocal, true)
    assert.equal(loadApiConfig({ ...LEAST, HOST: '127.evil.example' }).isLocal, false)
    assert.throws(() => loadApiConfig({ ...LEAST, ADMIN_API_KEY: 'hunter2' }), /ADMIN_API_KEY is shorter than 32/)
  })

  test('takes an incomplete S3 for unconfigured, and names what is missing', () => {
    const { objects } = loadApiConfig({ ...LEAST, S3_BUCKET_NAME: 'b', S3_REGION: 'us-east-1' })
    assert.deepEqual(objects, { kind: 'unconfigured', missing: ['S3_ACCESS_KEY_ID', 'S3_SECRET_KEY'] })
    assert.equal(loadApiConfig({ ...LEAST, OBJECT_STORE: 's3' }).objects.kind, 'unconfigured')
  })

  test('chooses the parts by what is configured', () => {
    const alone = loadWorkerConfig({ ...LEAST, ...NOT_LOCAL })
    assert.deepEqual(
      [alone.objects.kind, alone.vectors.kind, alone.embeddings.provider],
      ['disk', 'lancedb', 'hashing'],
    )
    const s3 = { S3_BUCKET_NAME: 'b', S3_ACCESS_KEY_ID: 'i', S3_SECRET_KEY: 's', S3_REGION: 'r' }
    const production = loadWorkerConfig({ ...LEAST, ...s3, PINECONE_API_KEY: 'p', OPENAI_API_KEY: 'o' })
    assert.deepEqual(
      [production.objects.kind, production.vectors.kind, production.embeddings.provider],
      ['s3', 'pinecone', 'openai'],
    )
  })

  test('chooses embeddings by key and set-up, tells why, and keeps what older experts may have', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-local-'))
    t.after(() => rm(dir, { recursive: true }))
    const there = fakeLocalSetup(dir)
    const chosen = (env: Environment) => {
      const { provider, reason, openai, local, hashing } = loadApiConfig({ ...LEAST, ...env }).embeddings
      return [provider, reason, openai !== undefined, local !== undefined, hashing.dimensions]
    }
    const [neither, key] = ['neither EMBEDDINGS nor OPENAI_API_KEY is set', { OPENAI_API_KEY: 'sk-…' }]
    assert.deepEqual(chosen(NOT_LOCAL), [
      ...['hashing', `${neither}, and no local model is set up`, false, false, 1_024],
    ])
    assert.deepEqual(chosen({ ...there, EMBEDDINGS: 'hashing', EMBEDDING_DIMENSIONS: '64' }), [
      ...['hashing', 'EMBEDDINGS=hashing', false, false, 64],
    ])
    const choices: unknown[] = []
    await fakeSetUp(dir, () => choices.push(chosen(there)[0]))
    // As each of the files that are needed appears.
    assert.deepEqual(choices, ['hashing', 'hashing', 'hashing', 'local'])
    assert.deepEqual(chosen(there), ['local', `${neither}, and a local model is set up`, false, true, 1_024])
    assert.deepEqual(chosen({ ...there, ...key, EMBEDDING_DIMENSIONS: '64' }), [
      ...['openai', 'EMBEDDINGS is not set, OPENAI_API_KEY is', true, true, 1_024],
    ])
    assert.deepEqual(chosen({ ...there, ...key, EMBEDDINGS: 'local' }), [
      ...['local', 'EMBEDDINGS=local', true, true, 1_024],
    ])
  })

  test('is told by npm start what it has chosen, and why, whatever is set up meanwhile', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-local-'))
    t.after(() => rm(dir, { recursive: true }))
    const env = { ...LEAST, ...fakeLocalSetup(dir) }
    const stack = loadStackConfig(env)
    const servers = { databaseUrl: LEAST.DATABASE_URL, temporal: { address: '127.0.0.1:7233' } }
    await fakeSetUp(dir)
    for (const load of [loadApiConfig, loadWorkerConfig]) {
      const { provider, reason } = load({ ...env, ...childEnvironment(stack, servers) }).embeddings
      assert.deepEqual([provider, reason], ['hashing', stack.embeddings.reason])
      assert.match(reason, /and no local model is set up$/)
      assert.equal(load(env).embeddings.provider, 'local')
    }
  })

  test('wants of the local embeddings that are asked for that they are set up, in every process, beside other faults', () => {
    const env = { ...LEAST, ...NOT_LOCAL, EMBEDDINGS: 'local', LOG_LEVEL: 'loud' }
    for (const load of [loadApiConfig, loadWorkerConfig, loadStackConfig, loadDoctorConfig])
      assert.throws(
        () => load(env),
        ({ faults }: ConfigurationError) => {
          assert.equal(faults.length, 2)
          assert.match(faults.join('\n'), /LOG_LEVEL=loud/)
          assert.match(faults.join('\n'), /EMBEDDINGS=local, but .+ in \/nowhere.+npm run setup:local/)
          return true
        },
      )
    assert.throws(
      () => loadStackConfig({ EMBEDDINGS: 'magic' }),
      /EMBEDDINGS=magic is not one of openai, local, hashing/,
    )
  })

  test("knows OpenAI's prices, those that are given beside them, and no others", () => {
    const { prices } = loadApiConfig({ ...LEAST, EMBEDDING_PRICES: 'org/model:v1=0.05, text-embedding-3-small=0.01' })
    assert.deepEqual(
      [prices['text-embedding-3-large'], prices['text-embedding-3-small'], prices['org/model:v1'], prices.other],
      [0.13, 0.01, 0.05, undefined],
    )
    for (const wrong of ['cheap', 'model=', 'model=free', '=0.1', 'model=-1'])
      assert.throws(
        () => loadApiConfig({ ...LEAST, EMBEDDING_PRICES: wrong }),
        /EMBEDDING_PRICES=.+ is not a name and a number, such as my-model=0.05/,
      )
  })

  test('knows what chats cost to read and to write, apart', () => {
    const { chatPrices } = loadApiConfig({ ...LEAST, CHAT_PRICES: 'org/model:v1=0.5/1.5, gpt-5-mini=0/3' })
    assert.deepEqual(
      [chatPrices['gpt-5.4-mini'], chatPrices['gpt-5-mini'], chatPrices['org/model:v1'], chatPrices.other],
      [{ prompt: 0.75, completion: 4.5 }, { prompt: 0, completion: 3 }, { prompt: 0.5, completion: 1.5 }, undefined],
    )
    for (const wrong of ['model=1', 'model=1/', 'model=/1', 'model=1/2/3', '=1/2', 'model=1/-2'])
      assert.throws(() => loadApiConfig({ ...LEAST, CHAT_PRICES: wrong }), /CHAT_PRICES=.+such as my-model=0.75\/4.50/)
  })

  test('has no quota unless one is set', () => {
    assert.deepEqual(loadWorkerConfig(LEAST).quota, { files: undefined, bytes: undefined, tokensPerDay: undefined })
    const quota = { QUOTA_FILES: '10', QUOTA_BYTES: '5000000000000', QUOTA_TOKENS_PER_DAY: '1000000' }
    assert.deepEqual(loadApiConfig({ ...LEAST, ...quota }).quota, { files: 10, bytes: 5e12, tokensPerDay: 1e6 })
    assert.throws(() => loadApiConfig({ ...LEAST, QUOTA_FILES: 'many' }), /QUOTA_FILES=many is not a whole number/)
  })

  test('sends a key of chat to its own server only', () => {
    const chat = (env: Environment) => {
      const { apiKey, baseUrl } = loadApiConfig({ ...LEAST, ...env }).chat ?? {}
      return [apiKey, baseUrl]
    }
    const embeddings = { OPENAI_API_KEY: 'o', OPENAI_BASE_URL: 'http://tei:8080/v1' }
    const elsewhere = { CHAT_API_KEY: 'c', CHAT_BASE_URL: 'http://ollama:11434/v1' }
    assert.equal(loadApiConfig(LEAST).chat, undefined)
    assert.deepEqual(chat(embeddings), ['o', 'http://tei:8080/v1'])
    assert.deepEqual(chat({ ...embeddings, ...elsewhere }), ['c', 'http://ollama:11434/v1'])
    assert.deepEqual(chat({ ...embeddings, CHAT_API_KEY: 'c' }), ['c', undefined])
    assert.throws(() => chat({ ...embeddings, CHAT_BASE_URL: 'http://ollama:11434/v1' }), /CHAT_API_KEY is not set/)
  })

  test('lets housekeeping be switched off, but not be quicker than an upload', () => {
    const day = 24 * 3_600_000
    assert.deepEqual(loadWorkerConfig(LEAST).housekeeping, { everyMs: day, graceMs: day })
    assert.equal(loadWorkerConfig({ ...LEAST, HOUSEKEEPING_EVERY: 'off' }).housekeeping.everyMs, undefined)
    const hasty = { ...LEAST, HOUSEKEEPING_GRACE: '10s', HOUSEKEEPING_EVERY: '1s' }
    assert.throws(
      () => loadWorkerConfig(hasty),
      /HOUSEKEEPING_EVERY=1s[^\n]+1m.+HOUSEKEEPING_GRACE=10s is not a duration with its unit, 1h at the least, such as 24h/s,
    )
  })

  test('takes names, addresses and ranges for hosts that webhooks may reach, and nothing else', () => {
    const allowed = (value: string) => loadWorkerConfig({ ...LEAST, WEBHOOK_ALLOWED_HOSTS: value }).webhookAllowedHosts
    assert.deepEqual(loadApiConfig(LEAST).webhookAllowedHosts, [])
    assert.deepEqual(allowed('hooks.internal, 10.1.0.0/16 fd12::/32'), ['hooks.internal', '10.1.0.0/16', 'fd12::/32'])
    for (const wrong of ['http://hooks.internal', '*', '10.0.0.0/33', '10.0.0/8', 'hooks/8'])
      assert.throws(() => allowed(wrong), /WEBHOOK_ALLOWED_HOSTS=.+ is not a list of hosts/, wrong)
  })

  test('traces and measures nothing unless told where to; what it sends along is not repeated', () => {
    const { tracing, metrics } = loadWorkerConfig(LEAST)
    assert.deepEqual([tracing, metrics], [undefined, undefined])
    const collector = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b%20c%20d%20e,x-dataset=expertsmith,token=short',
    }
    const worker = loadWorkerConfig({ ...LEAST, ...collector })
    assert.equal(worker.tracing?.url, 'http://c:4318/v1/traces')
    assert.deepEqual(worker.tracing?.headers, { 'api-key': 'a b c d e', 'x-dataset': 'expertsmith', token: 'short' })
    assert.deepEqual(worker.log.secrets, ['a b c d e'], 'neither a name that lines are full of nor a word')
    assert.deepEqual(worker.metrics?.kind === 'otlp' && worker.metrics.url, 'http://c:4318/v1/metrics')
    const apart = { ...collector, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/in' }
    assert.equal(loadApiConfig({ ...LEAST, ...apart }).tracing?.url, 'http://t/in')
    const faulty = { ...LEAST, OTEL_EXPORTER_OTLP_HEADERS: 'hunter2', OTEL_TRACES_SAMPLER_ARG: '10%' }
    assert.throws(
      () => loadApiConfig(faulty),
      ({ message }: Error) =>
        /OTEL_EXPORTER_OTLP_HEADERS is not a list/.test(message) &&
        /OTEL_TRACES_SAMPLER_ARG=10% is not a number from 0 to 1/.test(message) &&
        !message.includes('hunter2'),
    )
  })

  test('names a fault once, however many parts have found it', () => {
    const faulty = { ...LEAST, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' }
    assert.throws(
      () => loadWorkerConfig(faulty),
      ({ faults, message }: ConfigurationError) => faults.length === 1 && message.includes('has a fault:'),
    )
  })

  test('keeps every key and secret of .env.example out of the log', async () => {
    const example = await readFile(join(import.meta.dirname, '../.env.example'), 'utf8')
    const names = [...example.matchAll(/^#? ?(?<name>[A-Z_0-9]*(KEY|SECRET\w*|PASSWORD|TOKEN))=/gm)].map(
      ({ groups }) => groups?.name ?? '',
    )
    assert.ok(names.length >= 7)
    const given = Object.fromEntries(names.map((name) => [name, `the value of ${name}, which nobody may read`]))
    const { secrets } = loadApiConfig({ ...LEAST, ...given }).log
    assert.deepEqual(secrets?.toSorted(), Object.values(given).toSorted())
  })

  test('opens the metrics of a worker to this machine only', () => {
    const at = (METRICS_ADDRESS: string) => loadWorkerConfig({ ...LEAST, METRICS_ADDRESS }).metrics
    assert.deepEqual(at('localhost:9464'), { kind: 'prometheus', address: '127.0.0.1:9464' })
    assert.deepEqual(at('[::1]:9464'), { kind: 'prometheus', address: '[::1]:9464' })
    for (const address of [
      '0.0.0.0:9464',
      '10.0.0.7:9464',
      '127.0.0.1',
      '127.0.0.1:99999',
      ':9464',
      '127.evil.example:80',
    ])
      assert.throws(
        () => at(address),
        /METRICS_ADDRESS=\S+ is not an address of this machine, such as 127\.0\.0\.1:9464/,
      )
  })

  test('takes an empty variable for an unset one', () => {
    const { temporal, port } = loadApiConfig({
      ...LEAST,
      PORT: '',
      TEMPORAL_ADDRESS: '',
      TEMPORAL_NAMESPACE: '',
      TEMPORAL_TLS: '',
    })
    assert.equal(port, 8000)
    assert.equal(temporal.connect.connectionOptions.address, '127.0.0.1:7233')
    assert.equal(temporal.namespace, 'default')
  })
})

test('the doctor is told the faults of every process at once, and finds the database of npm start', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-config-'))
  t.after(() => rm(dir, { recursive: true }))
  const env = { DATA_DIR: dir, STACK_POSTGRES_PORT: '5999' }
  assert.throws(
    () => loadDoctorConfig({ ...env, PORT: 'eighty', RETRY_WINDOW: 'soon' }),
    ({ faults }: ConfigurationError) => {
      assert.deepEqual(faults.map((fault) => fault.split(/[= ]/)[0]).toSorted(), [
        'DATABASE_URL',
        'PORT',
        'RETRY_WINDOW',
      ])
      return true
    },
  )
  await mkdir(join(dir, 'postgres'))
  await writeFile(join(dir, 'postgres/data.password'), 'found')
  const url = 'postgres://postgres:found@127.0.0.1:5999/expertsmith'
  assert.equal(loadDoctorConfig(env).worker.database.url, url)
  assert.equal(loadRebuildConfig(env).database.url, url)
  assert.equal(loadRebuildConfig({ ...env, ...LEAST }).database.url, LEAST.DATABASE_URL)
})

test('.env.example documents exactly the variables that are read', async () => {
  const example = await readFile(join(import.meta.dirname, '../.env.example'), 'utf8')
  const documented = [...example.matchAll(/^(?<name>[A-Z][A-Z0-9_]*)=/gm)].map(({ groups }) => groups?.name ?? '')
  assert.deepEqual(documented.toSorted(), [...variablesRead()].toSorted())
})

function variablesRead(): Set<string> {
  const names = new Set<string>()
  const record = (values: Record<string, string>): Environment =>
    new Proxy(values, {
      get: (target, name) => {
        if (typeof name === 'string') names.add(name)
        return Reflect.get(target, name)
      },
    })
  const s3 = { S3_BUCKET_NAME: 'b', S3_ACCESS_KEY_ID: 'i', S3_SECRET_KEY: 's', S3_REGION: 'r' }
  const production = { ...LEAST, ...s3, PINECONE_API_KEY: 'p', OPENAI_API_KEY: 'o' }
  const scans = { ...LEAST, OCR: 'on' }
  const versioned = { ...LEAST, WORKER_BUILD_ID: '1' }
  for (const values of [LEAST, production, scans, versioned])
    for (const load of [loadApiConfig, loadWorkerConfig, loadStackConfig, loadClientConfig, loadLocalSetupConfig])
      load(record(values))
  return names
}

test('a duration without its unit is refused, since it would be milliseconds', () => {
  for (const value of ['120', '1.5', 'm', '2 x'])
    assert.throws(
      () => loadApiConfig({ ...LEAST, OPENAI_API_KEY: 'sk-…', CHAT_TIMEOUT: value }),
      new RegExp(`CHAT_TIMEOUT=${value} is not a duration with its unit, such as 2m`),
    )
  const { chat } = loadApiConfig({ ...LEAST, OPENAI_API_KEY: 'sk-…', CHAT_TIMEOUT: '1.5 minutes' })
  assert.equal(chat?.timeoutMs, 90_000)
})

test('a % in the password of the database that begins no code is told by the variable, without the password', () => {
  const DATABASE_URL = 'postgres://user:50%percent@127.0.0.1/db'
  assert.throws(() => loadDoctorConfig({ DATABASE_URL }), {
    faults: ['DATABASE_URL has a % that begins no code such as %2F; a % of a password is written %25'],
  })
  const encoded = DATABASE_URL.replace('%', '%25')
  assert.equal(loadDoctorConfig({ DATABASE_URL: encoded }).api.database.url, encoded)
})

test('no line of a log may hold the key of the language model', () => {
  const { log } = loadApiConfig({ ...LEAST, CHAT_API_KEY: 'sk-chat' })
  assert.deepEqual(log.secrets, ['sk-chat'])
})

test('where this machine reaches the API follows HOST and PORT, whatever its address is for others', () => {
  const own = (HOST: string) => loadClientConfig({ HOST, PORT: '8001' }).url
  assert.equal(own('127.0.0.1'), 'http://127.0.0.1:8001')
  assert.equal(own('0.0.0.0'), 'http://127.0.0.1:8001')
  assert.equal(own('::'), 'http://127.0.0.1:8001')
  assert.equal(own('::1'), 'http://[::1]:8001')
  assert.equal(own('192.168.1.5'), 'http://192.168.1.5:8001')
  const { api } = loadStackConfig({ PUBLIC_URL: 'https://experts.example.org' })
  assert.equal(api.ownUrl, 'http://127.0.0.1:8000')
  assert.equal(api.url, 'https://experts.example.org')
  assert.equal(loadApiConfig({ ...LEAST, HOST: '::1' }).publicUrl, 'http://[::1]:8000')
})

test('whoever is told of no other Temporal looks for that of npm start, on its port', () => {
  const address = (env: Environment) => loadTemporalClientConfig(env).temporal.connect.connectionOptions.address
  assert.equal(address({ STACK_TEMPORAL_PORT: '7300' }), '127.0.0.1:7300')
  assert.equal(address({ STACK_TEMPORAL_PORT: '7300', TEMPORAL_ADDRESS: 'temporal:7233' }), 'temporal:7233')
})
