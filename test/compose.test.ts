import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { ICruiseResult } from 'dependency-cruiser'
import { cruise } from 'dependency-cruiser'
import { parse } from 'yaml'
import { loadApiConfig, loadClientConfig, loadWorkerConfig } from '../config.ts'

type Service = {
  image?: string
  profiles?: string[]
  build?: string
  ports?: string[]
  env_file?: { path: string; required: boolean }[]
  environment?: Record<string, string | number>
  healthcheck?: { test?: unknown; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
}

const ROOT = join(import.meta.dirname, '..')
/** The official schema of Compose files, as the linter ships it. */
const SCHEMA = 'node_modules/dclint/schemas/compose.schema.json'

const read = (path: string) => readFile(join(ROOT, path), 'utf8')
const source = await read('docker-compose.yml')
const compose: { services: Record<string, Service> } = parse(source, { merge: true })
const services = Object.entries(compose.services)
/** Variables that are not taken from `.env`: where the parts are, and how they are reached. */
const PINNED = [
  ...['HOST', 'PORT', 'PUBLIC_URL', 'API_URL', 'DATABASE_URL', 'DATA_DIR', 'OBJECT_DIR', 'LANCEDB_DIR', 'SCRATCH_DIR'],
  'LOCAL_EMBEDDINGS_DIR',
  ...['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'TEMPORAL_API_KEY', 'TEMPORAL_UI_URL', 'TEMPORAL_TLS'],
  ...['CLIENT_CERT_PATH', 'CLIENT_KEY_PATH', 'SERVER_CA_CERT_PATH', 'SERVER_NAME'].map(
    (name) => `TEMPORAL_TLS_${name}`,
  ),
  ...['OBJECT_STORE', 'S3_BUCKET_NAME', 'S3_ACCESS_KEY_ID', 'S3_SECRET_KEY', 'S3_REGION'],
  ...['S3_ENDPOINT', 'S3_FORCE_PATH_STYLE', 'S3_PUBLIC_ENDPOINT'],
]

/** What a container has, as Compose makes it: from `.env` where the service names it, and over that what stands in the composition. */
function environmentOf(name: string, dotEnv: NodeJS.Dict<string>): NodeJS.Dict<string> {
  const { env_file = [], environment = {} } = compose.services[name] ?? {}
  const fromFile = env_file.some(({ path }) => path === '.env') ? dotEnv : {}
  const own = Object.entries(environment).map(([variable, value]) => [variable, interpolate(String(value), dotEnv)])
  return { ...fromFile, ...Object.fromEntries(own) }
}

const interpolate = (value: string, env: NodeJS.Dict<string>) =>
  value.replace(/\$\{(\w+):\?([^}]+)\}/g, (_, variable: string, sentence: string) => {
    if (!env[variable]) throw new Error(`${variable}: ${sentence}`)
    return env[variable]
  })

const tagOf = (service: string) => compose.services[service]?.image?.split(':').at(-1)
const versionIn = (code: string) => /version: '(?<version>v[\d.]+)'/.exec(code)?.groups?.version

describe('docker-compose.yml', () => {
  test('fits the schema of Compose files', async () => {
    const { $schema: _, ...schema } = JSON.parse(await read(SCHEMA))
    const validate = ajvFormats.default(new Ajv({ strict: false, formats: { duration: true } })).compile(schema)
    assert.ok(validate(compose), JSON.stringify(validate.errors))
    assert.ok(!validate({ services: { api: { ports: 8000 } } }), 'a check that passes everything would show nothing')
  })

  test('has every part of production', () => {
    assert.deepEqual(Object.keys(compose.services).toSorted(), [
      'api',
      'pinecone',
      'postgres',
      's3',
      'temporal',
      'worker',
    ])
  })

  test('pins every image', () => {
    for (const [name, { image }] of services) assert.match(image ?? '', /:v?\d+\.\d+/, name)
  })

  test('has the versions that npm start and the tests have', async () => {
    const { devDependencies } = JSON.parse(await read('package.json'))
    const bases = [...(await read('Dockerfile')).matchAll(/^FROM node:([\d.]+)-/gm)].map(([, version]) => version)
    assert.deepEqual(bases, [devDependencies.node, devDependencies.node])
    assert.equal(`v${tagOf('temporal')}`, versionIn(await read('stack/temporal-cli.ts')))
    assert.equal(tagOf('s3'), versionIn(await read('stack/s3-server.ts')))
  })

  test('publishes ports on this machine only', () => {
    for (const [name, { ports = [] }] of services) for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
  })

  test('checks the health of every service, or says why not', () => {
    for (const [name, { healthcheck }] of services) assert.ok(healthcheck?.test ?? healthcheck?.disable, name)
    const disabled = services.filter(([, { healthcheck }]) => healthcheck?.disable)
    assert.equal(source.match(/# .*\n +healthcheck:\n +disable: true/g)?.length, disabled.length)
  })

  test('waits for the health of what it needs, which is started by default', () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [dependency, { condition }] of Object.entries(depends_on)) {
        const needed = compose.services[dependency]
        assert.ok(needed?.healthcheck?.test && !needed.profiles, `${name} → ${dependency}`)
        assert.equal(condition, 'service_healthy', `${name} → ${dependency}`)
      }
  })

  test('gives api and worker every variable of .env but those that belong to it, and none that does not exist', async () => {
    const known = Object.keys(parseEnv(await read('.env.example')))
    for (const name of ['api', 'worker']) {
      const inside = environmentOf(name, Object.fromEntries(known.map((variable) => [variable, 'from .env'])))
      const pinned = known.filter((variable) => inside[variable] !== 'from .env')
      assert.deepEqual(pinned.toSorted(), [...PINNED].toSorted(), name)
      assert.deepEqual(Object.keys(inside).toSorted(), known.toSorted(), name)
    }
  })

  test('starts with a copied .env.example, and whatever .env says keeps its data in its volume and its parts together', async () => {
    const example = { ...parseEnv(await read('.env.example')), ADMIN_API_KEY: 'k'.repeat(32) }
    const abroad = Object.fromEntries(PINNED.map((name) => [name, '/elsewhere']))
    for (const env of [{ ADMIN_API_KEY: example.ADMIN_API_KEY }, example, { ...example, ...abroad }]) {
      const [api, worker] = [loadApiConfig(environmentOf('api', env)), loadWorkerConfig(environmentOf('worker', env))]
      assert.deepEqual([api.host, api.port, api.adminKey], ['0.0.0.0', 8000, example.ADMIN_API_KEY])
      assert.deepEqual([api.vectors, worker.scratchDir], [{ kind: 'lancedb', dir: '/data/vectors' }, '/data/scratch'])
      assert.equal(api.objects.kind === 's3' && api.objects.endpoint, 'http://s3:7070')
      for (const { database, temporal, vectors, objects } of [api, worker]) {
        assert.deepEqual([vectors, objects], [api.vectors, api.objects])
        assert.match(database.url, /@postgres:5432\//)
        assert.equal(temporal.connect.connectionOptions.address, 'temporal:7233')
        assert.equal(temporal.connect.connectionOptions.tls, undefined)
      }
      assert.equal(loadClientConfig(environmentOf('worker', env)).url, 'http://api:8000')
    }
  })

  test('asks for a key before it starts', () => {
    assert.throws(() => environmentOf('api', {}), /ADMIN_API_KEY: set it in \.env/)
    assert.throws(() => environmentOf('api', { ADMIN_API_KEY: '' }), /ADMIN_API_KEY: set it in \.env/)
  })
})

test('the image has all that api, worker and the commands of docs/operations.md import', async () => {
  const copies = [...(await read('Dockerfile')).matchAll(/^COPY (?!--from)(?<paths>.+) \S+$/gm)]
  const copied = copies.flatMap(({ groups }) => groups?.paths?.split(' ') ?? [])
  const ignored = (await read('.dockerignore')).split('\n')
  assert.deepEqual(
    copied.filter((path) => ignored.includes(path)),
    [],
  )
  assert.match(await read('docs/operations.md'), /docker compose exec worker node cli\/main\.ts /)
  const programs = ['api/main.ts', 'worker/main.ts', 'cli/main.ts']
  const { output } = await cruise(programs, { baseDir: ROOT, doNotFollow: { path: 'node_modules' } })
  const sources = (output as ICruiseResult).modules.map(({ source }) => source)
  assert.ok(sources.includes('domain/failure.ts'), 'imports are followed')
  for (const source of sources.filter((path) => /\.ts$/.test(path) && !path.startsWith('node_modules')))
    assert.ok(copied.includes(source.split('/')[0] ?? ''), source)
})
