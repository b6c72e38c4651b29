import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv } from 'ajv'
import ajvFormats from 'ajv-formats'
import { parse } from 'yaml'

type Service = {
  image?: string
  build?: string
  ports?: string[]
  environment?: Record<string, string>
  healthcheck?: { test?: unknown; disable?: boolean }
  depends_on?: Record<string, { condition: string }>
}

const ROOT = join(import.meta.dirname, '..')
/** The official schema of Compose files, as the linter ships it. */
const SCHEMA = join(ROOT, 'node_modules/dclint/schemas/compose.schema.json')

const source = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8')
const compose: { services: Record<string, Service> } = parse(source, { merge: true })
const services = Object.entries(compose.services)

describe('docker-compose.yml', () => {
  test('fits the schema of Compose files', async () => {
    const { $schema: _, ...schema } = JSON.parse(await readFile(SCHEMA, 'utf8'))
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

  test('publishes ports on this machine only', () => {
    for (const [name, { ports = [] }] of services) for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name)
  })

  test('waits for the health of what has a health check, and for the start of the rest', () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [dependency, { condition }] of Object.entries(depends_on)) {
        const checked = compose.services[dependency]?.healthcheck?.test !== undefined
        assert.equal(condition, checked ? 'service_healthy' : 'service_started', `${name} → ${dependency}`)
      }
  })

  test('gives api and worker only variables that exist', async () => {
    const known = await readFile(join(ROOT, '.env.example'), 'utf8')
    for (const name of ['api', 'worker'])
      for (const variable of Object.keys(compose.services[name]?.environment ?? {}))
        assert.ok(known.includes(`\n${variable}=`), `${name}: ${variable}`)
  })
})
