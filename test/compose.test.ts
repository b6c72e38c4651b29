import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { ICruiseResult } from 'dependency-cruiser'
import { cruise } from 'dependency-cruiser'
import { parse } from 'yaml'

type Service = {
  image?: string
  profiles?: string[]
  build?: string
  ports?: string[]
  environment?: Record<string, string>
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

  test('gives api and worker only variables that exist', async () => {
    const known = await read('.env.example')
    for (const name of ['api', 'worker'])
      for (const variable of Object.keys(compose.services[name]?.environment ?? {}))
        assert.ok(known.includes(`\n${variable}=`), `${name}: ${variable}`)
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
