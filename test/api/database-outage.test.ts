import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fastify } from 'fastify'
import type pg from 'pg'
import { checkDatabase, openDatabase } from '../../adapters/postgres-database.ts'
import { healthRoutes } from '../../api/health-routes.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { Readiness } from '../../api/readiness.ts'
import { SCOPES } from '../../domain/api-key.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'
import { Requests } from '../support/requests.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('the API, while the database does not answer', () => {
  let direct: TestDatabase
  let proxy: TcpProxy
  let url: string
  let world: World
  let api: Requests

  before(async () => {
    direct = await createDatabase()
    proxy = new TcpProxy(direct.url)
    url = await proxy.listen()
    const pool = openDatabase({ url, connections: 2 }, () => undefined, { queryTimeoutMs: 300, connectTimeoutMs: 300 })
    world = await startWorld({ workers: false, database: { url, pool, close: () => pool.end() } })
    api = new Requests(world.app)
  })
  after(async () => {
    await proxy.close()
    await world.close()
    await direct.close()
  })

  test('says so with 503, on connections that it had and on new ones, and serves again afterwards', async () => {
    const file = await api.upload('a.txt', 'Kept before.')
    proxy.fallSilent()
    for (let i = 0; i < 3; i++) {
      const { status, body, headers } = await api.send('GET', '/experts')
      assert.deepEqual([status, body.code], [503, 'DATABASE_UNAVAILABLE'])
      assert.equal(headers['retry-after'], '5')
      const created = await api.send('POST', '/experts', {
        name: 'n',
        system_prompt: 'p',
        voice_id: 'v',
        selected_files: [file.id],
      })
      assert.deepEqual([created.status, created.body.code], [503, 'DATABASE_UNAVAILABLE'])
    }
    proxy.speakAgain()
    assert.equal((await api.send('GET', `/knowledge-base/files/${file.id}`)).status, 200)
  })

  test('answers /readyz within its limit, and tells of the rest', async (t) => {
    const pool = openDatabase({ url, connections: 1 }, () => undefined)
    const readiness = new Readiness([databaseCheck(pool), DEAF, FINE])
    const identify = async () => ({ userId: LOCAL_USER_ID, scopes: SCOPES })
    const app = fastify().register(healthRoutes, { readiness, identify })
    t.after(async () => {
      await app.close()
      proxy.speakAgain()
      await pool.end()
    })
    await checkDatabase(pool)
    proxy.fallSilent()
    const start = performance.now()
    const response = await app.inject('/readyz')
    assert.ok(performance.now() - start < 8_000)
    assert.equal(response.statusCode, 503)
    const { status, checks } = response.json<{ status: string; checks: { status: string; detail: string }[] }>()
    assert.equal(status, 'not_ready')
    assert.match(checks[0]?.detail ?? '', /does not answer|no answer within 4 s/)
    assert.deepEqual(
      checks.map(({ status }) => status),
      ['failed', 'failed', 'ok'],
    )
  })
})

const databaseCheck = (pool: pg.Pool) => ({
  name: 'postgres',
  check: async () => {
    await checkDatabase(pool)
    return 'answers'
  },
})
const DEAF = { name: 'deaf', check: () => new Promise<string>(() => undefined) }
const FINE = { name: 'fine', check: async () => 'answers' }
