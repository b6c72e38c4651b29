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
const FEW = 5

describe('users', () => {
  let world: World
  let experts: PostgresExpertStore
  let runs: ExpertRuns

  before(async () => {
    world = await startWorld()
    experts = new PostgresExpertStore(world.database.pool)
    const { client, taskQueue } = world
    runs = new ExpertRuns({ client, taskQueue, namespace: 'default', uiUrl: '' })
  })
  after(() => world.close())

  const upload = async (userId: string): Promise<string> => {
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
  const create = async (userId: string, count: number): Promise<Expert> => {
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
  const indexed = async (userId: string) => {
    const { items } = await experts.list(userId, { limit: 100 })
    return items.reduce((sum, { progress }) => sum + progress.indexed, 0)
  }

  test('take turns: the 2,000 files of one do not hold up the 5 of another', async () => {
    const [big, small] = [randomUUID(), randomUUID()]
    const many = []
    for (let i = 0; i < BIG_EXPERTS; i++) many.push(await create(big, FILES_OF_EACH))
    const few = await create(small, FEW)
    await Promise.all(many.map((expert) => runs.start(expert)))
    await eventually(async () => assert.ok((await indexed(big)) > FILES_OF_EACH))

    const before = await indexed(big)
    await runs.start(few)
    await eventually(async () => assert.equal(await indexed(small), FEW))
    const meanwhile = (await indexed(big)) - before
    const left = BIG_EXPERTS * FILES_OF_EACH - before
    assert.ok(meanwhile < left / 4, `${meanwhile} files of ${left} were done before these ${FEW}`)

    await Promise.all(many.map((expert) => runs.cancel(expert)))
    await eventually(async () => {
      const { items } = await experts.list(big, { limit: 100 })
      for (const { status } of items) assert.equal(status, 'cancelled')
    })
  })
})
