import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { ExpertRuns } from '../../api/expert-runs.ts'
import type { Expert } from '../../domain/expert.ts'
import { eventually } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const BIG_EXPERTS = 10
const FILES_OF_EACH = 200
const ALL = BIG_EXPERTS * FILES_OF_EACH
/** So few that they go before others. */
const FEW = 5
/** So many that they do not. */
const MORE = 30
const A_FEW_SECONDS = 5

describe('while one user has 2,000 files to do', () => {
  const busy = randomUUID()
  const load: Expert[] = []
  let world: World
  let experts: PostgresExpertStore
  let runs: ExpertRuns
  let secondsWithoutLoad: number

  before(async () => {
    world = await startWorld()
    experts = new PostgresExpertStore(world.database.pool)
    const { client, taskQueue } = world
    runs = new ExpertRuns({ client, taskQueue, namespace: 'default', uiUrl: '' })
    secondsWithoutLoad = await carryThrough(await create(randomUUID(), FEW))
    for (let i = 0; i < BIG_EXPERTS; i++) load.push(await create(busy, FILES_OF_EACH))
    await Promise.all(load.map((expert) => runs.start(expert)))
    await eventually(async () => assert.ok((await loadDone()) > FILES_OF_EACH))
  })
  after(async () => {
    const { items } = await experts.list(busy, { limit: 100 })
    await Promise.all(items.map((expert) => runs.cancel(expert)))
    await eventually(async () => {
      const { items } = await experts.list(busy, { limit: 100 })
      for (const { status } of items) assert.ok(['ready', 'cancelled'].includes(status), status)
    })
    await world.close()
  })

  async function upload(userId: string): Promise<string> {
    const id = randomUUID()
    const text = Buffer.from(`A small file, number ${id}.`)
    const s3Key = `uploads/${userId}/${id}/1`
    await world.objects.upload(s3Key, text)
    const sha256 = createHash('sha256').update(text).digest('hex')
    const file = { id, userId, name: `${id}.txt`, originalName: `${id}.txt`, size: text.length, type: 'text/plain' }
    await new PostgresFileStore(world.database.pool).insert({
      ...file,
      s3Url: '',
      s3Key,
      sha256,
      processingStatus: 'uploaded',
    })
    return id
  }
  async function create(userId: string, count: number): Promise<Expert> {
    const files = await Promise.all(Array.from({ length: count }, () => upload(userId)))
    const { model: embeddingModel, dimensions: embeddingDimensions } = world.embedder
    return experts.insert(
      {
        id: randomUUID(),
        userId,
        name: `${count} files`,
        systemPrompt: '',
        voiceId: null,
        embeddingModel,
        embeddingDimensions,
      },
      files,
    )
  }
  const indexed = async ({ userId, id }: Expert) => (await experts.find(userId, id))?.progress.indexed ?? 0
  const loadDone = async () => (await Promise.all(load.map(indexed))).reduce((sum, files) => sum + files)

  /** @returns how many seconds it took from its start until all of its files were indexed */
  async function carryThrough(expert: Expert): Promise<number> {
    const start = performance.now()
    await runs.start(expert)
    await eventually(async () => assert.equal(await indexed(expert), expert.progress.files))
    return (performance.now() - start) / 1_000
  }

  /** @returns how many files of `behind`, which was started before, were done when `ahead` was */
  async function overtake(ahead: Expert, behind: Expert): Promise<number> {
    await runs.start(behind)
    await carryThrough(ahead)
    return indexed(behind)
  }

  test('5 files of another user are delayed by no more than a few seconds', async (t) => {
    const few = await create(randomUUID(), FEW)
    const before = await loadDone()
    const seconds = await carryThrough(few)
    const after = await loadDone()
    t.diagnostic(
      `${seconds.toFixed(1)} s, without the 2,000 files ${secondsWithoutLoad.toFixed(1)} s; ${after - before} of them were done meanwhile`,
    )
    // On a machine so busy that they take seconds by themselves, a delay of some of those times is no longer.
    const limit = Math.max(A_FEW_SECONDS, 4 * secondsWithoutLoad)
    assert.ok(
      seconds - secondsWithoutLoad < limit,
      `they took ${seconds} s, and ${secondsWithoutLoad} s without the load`,
    )
    assert.ok(after < ALL, 'the load was there to the end')
  })

  test('another user has turns: 30 files that do not go first by their number overtake 30 of hers', async () => {
    const done = await overtake(await create(randomUUID(), MORE), await create(busy, MORE))
    assert.ok(done < MORE / 3, `${done} of hers were done before`)
  })

  test('few files go first: 5 of hers overtake 30 of hers', async () => {
    const done = await overtake(await create(busy, FEW), await create(busy, MORE))
    assert.ok(done < MORE / 3, `${done} of the 30 were done before`)
  })
})
