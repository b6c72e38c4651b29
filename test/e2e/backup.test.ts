import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { run } from '../../stack/run-program.ts'
import { findTemporalCli } from '../../stack/temporal-cli.ts'
import { createExpertId } from '../../workflows/contract.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'
import type { DatabaseDump } from '../support/database-dump.ts'
import { dumpDatabase } from '../support/database-dump.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { OPENAI_TEST_KEY, startOpenAiServer } from '../support/openai-server.ts'
import type { ExpertJson, SearchResult } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { EmbedderConfig, World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const UNFINISHED = 'The lighthouse keeper counts every gull before the fog arrives.'
const QUESTION = 'lighthouse keeper gull'
const QUERY = 'impeller of the bilge pump'

describe('a backup that was made while files were processed', () => {
  let dir: string
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let dump: DatabaseDump
  let done: ExpertJson
  let unfinished: ExpertJson
  let found: SearchResult[]
  let embedded: number

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'expertsmith-backup-'))
    openai = await startOpenAiServer()
    const database = await createDatabase()
    const world = await startWorld({ ...parts('before'), database: lent(database) })
    await fill(new Requests(world.app))
    // In this order: what a row points to was stored before the row, so it is in the copy.
    dump = await dumpDatabase(database)
    await cp(join(dir, 'before/objects'), join(dir, 'backup/objects'), { recursive: true })
    await cp(join(dir, 'before/vectors'), join(dir, 'backup/vectors'), { recursive: true })
    await loseEverything(world, database)
    openai.server.heal()
    embedded = openai.embedded.length
  })

  after(async () => {
    await dump.remove()
    await openai.close()
    await rm(dir, { recursive: true, force: true })
  })

  const parts = (place: string) => ({
    objects: { kind: 'disk' as const, dir: join(dir, place, 'objects') },
    vectors: { kind: 'lancedb' as const, dir: join(dir, place, 'vectors') },
    embedder: {
      ...{ kind: 'openai', apiKey: OPENAI_TEST_KEY, baseUrl: openai.baseUrl },
      ...{ model: 'text-embedding-3-small', dimensions: 64 },
    } satisfies EmbedderConfig,
  })

  /** One expert that is ready, and one whose second file is being embedded. */
  async function fill(api: Requests): Promise<void> {
    const manual = await api.upload('manual.txt', 'The impeller of the bilge pump is replaced every second season.')
    const prices = await api.upload('prices.csv', 'part,price\nimpeller,12\nhose,7\n')
    done = await api.createExpert([manual, prices], 'Done')
    unfinished = await api.createExpert([manual], 'Unfinished')
    await api.until(done.id, 'ready')
    await api.until(unfinished.id, 'ready')
    found = await api.search(done.id, QUERY)
    assert.equal(found.length, 2)
    openai.server.hold(({ body }) => JSON.stringify(body).includes('lighthouse'))
    const { id } = await api.upload('log.txt', UNFINISHED)
    await api.send('POST', `/experts/${unfinished.id}/files`, { file_ids: [id] })
    await eventually(async () => {
      const { body } = await api.send('GET', `/experts/${unfinished.id}/files?status=processing`)
      assert.equal((body.items as { stage: string }[])[0]?.stage, 'embed')
    })
  }

  async function loseEverything({ taskQueue, close }: World, database: TestDatabase): Promise<void> {
    await close()
    const cli = await findTemporalCli({ explicit: process.env.TEMPORAL_CLI, onProgress: () => undefined })
    const address = infrastructure().temporalAddress
    const query = `TaskQueue = "${taskQueue}" and ExecutionStatus = "Running"`
    const where = ['--address', address, '--query', query]
    await run(cli, ['workflow', 'terminate', ...where, '--reason', 'restoring a backup', '--yes'])
    await eventually(async () => {
      const { stdout } = await run(cli, ['workflow', 'count', ...where])
      assert.match(stdout, /Total: 0/)
    })
    await database.close()
    await rm(join(dir, 'before'), { recursive: true })
  }

  /** A new machine with what was restored; whoever restores makes the dump some time before. */
  async function restored(place: string, ...folders: ('objects' | 'vectors')[]): Promise<World> {
    const database = await dump.restore()
    await database.pool.query(`update experts set updated_at = now() - interval '1 hour'`)
    for (const folder of folders) await cp(join(dir, 'backup', folder), join(dir, place, folder), { recursive: true })
    return startWorld({ ...parts(place), database })
  }

  /** All that is paid for is what was not embedded before. */
  async function assertWhole(api: Requests): Promise<void> {
    const ready = await api.until(done.id, 'ready')
    assert.deepEqual(ready.progress, { files: 2, indexed: 2, failed: 0, pending: 0 })
    assert.deepEqual(await api.search(done.id, QUERY), found)
    const { progress } = await api.until(unfinished.id, 'ready')
    assert.deepEqual(progress, { files: 2, indexed: 2, failed: 0, pending: 0 })
    const [first] = await api.search(unfinished.id, QUESTION, { top_k: 1 })
    assert.equal(first?.text, UNFINISHED)
    const paidFor = new Set(openai.embedded.slice(embedded))
    assert.deepEqual([...paidFor].toSorted(), [QUERY, QUESTION, UNFINISHED].toSorted())
  }

  test('has all that searches need, and housekeeping goes on with what was under way', async (t) => {
    t.diagnostic(`the database was dumped ${dump.means}`)
    const world = await restored('with-vectors', 'objects', 'vectors')
    t.after(() => world.close())
    const api = new Requests(world.app)
    assert.equal((await api.expert(done.id)).status, 'ready')
    assert.equal((await api.expert(unfinished.id)).status, 'processing')
    const { code, stdout } = await expertsmith(world, 'housekeeping', '--only', 'start-experts')
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`start-experts +1 +1 +expert-${unfinished.id} \\(processing\\)`))
    await assertWhole(api)
    // The next world has the same experts: a run that is still at its end would take their signals, where no worker is left.
    await world.client.workflow.getHandle(createExpertId(unfinished.id)).result()
  })

  test('gives the vectors back too, without paying for embeddings again', async (t) => {
    t.diagnostic(`the database was dumped ${dump.means}`)
    const world = await restored('without-vectors', 'objects')
    t.after(() => world.close())
    const api = new Requests(world.app)
    assert.deepEqual(await world.vectors.query(`${done.id}.1`, new Float32Array(64).fill(0.125), { topK: 5 }), [])
    const embeddings = { EMBEDDINGS: 'openai', OPENAI_API_KEY: OPENAI_TEST_KEY, EMBEDDING_DIMENSIONS: '64' }
    const target = { ...world, env: { DATABASE_URL: world.database.url, ...embeddings } }
    const other = { ...target, env: { DATABASE_URL: world.database.url, EMBEDDINGS: 'hashing' } }
    const left = await expertsmith(other, 'rebuild-vectors', done.id)
    assert.deepEqual([left.code, left.stdout], [3, ''])
    assert.match(left.stderr, new RegExp(`Left as it is: ${done.id} \\(Done\\), made with \\S+ of 64 dimensions\\.`))
    assert.equal((await expertsmith(target, 'rebuild-vectors', 'nonsense')).code, 2)
    const nobody = randomUUID()
    const one = await expertsmith(target, 'rebuild-vectors', done.id, nobody)
    assert.equal(one.code, 3, one.stderr)
    assert.equal(one.stdout, `${done.id}  2 files  Done\n`)
    assert.match(one.stderr, new RegExp(`nothing to store again of ${nobody}`))
    await api.until(done.id, 'ready')
    const all = await expertsmith(target, 'rebuild-vectors', '--json')
    assert.equal(all.code, 0, all.stderr)
    const { experts } = JSON.parse(all.stdout)
    assert.deepEqual(experts.map(({ name, files }: { name: string; files: number }) => `${name} ${files}`).toSorted(), [
      'Done 2',
      'Unfinished 2',
    ])
    await assertWhole(api)
  })
})

/** Not closed with the world that it is lent to. */
const lent = (database: TestDatabase): TestDatabase => ({ ...database, close: async () => undefined })
