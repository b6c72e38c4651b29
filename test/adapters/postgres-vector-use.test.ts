import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { openDatabase } from '../../adapters/postgres-database.ts'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { markForRebuild } from '../../adapters/postgres-rebuild.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { hasIndexedFiles } from '../../adapters/postgres-vector-use.ts'
import type { ModelOfExpert } from '../../domain/embedders.ts'
import type { FileContext } from '../../domain/ports.ts'
import type { TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/database.ts'

const SECONDS = { download: 0, extract: 0, embed: 0, store: 0 }
const INDEXED = {
  generation: 1,
  sha256: undefined,
  pages: 1,
  pagesSkipped: 0,
  chunks: 3,
  tokens: 9,
  tokensReused: 0,
  seconds: SECONDS,
}

describe('whether vectors were stored, by the rows', () => {
  let database: TestDatabase

  before(async () => {
    database = await createDatabase()
  })
  after(() => database.close())

  const asks = (dimensions: number) => hasIndexedFiles(database.pool, dimensions)

  const made =
    (model: string, dimensions = 8) =>
    ({ embeddingModel, embeddingDimensions }: ModelOfExpert) =>
      embeddingModel === model && embeddingDimensions === dimensions

  async function storing(embeddingModel: string, embeddingDimensions = 8): Promise<FileContext> {
    const [userId, fileId, expertId] = [randomUUID(), randomUUID(), randomUUID()]
    const names = { name: 'a', originalName: 'a', type: 'text/plain', s3Url: 's3://b/a', s3Key: `uploads/${fileId}` }
    const file = { id: fileId, userId, size: 1, sha256: null, processingStatus: 'uploaded' as const, ...names }
    await new PostgresFileStore(database.pool).insert(file)
    const expert = { id: expertId, userId, name: 'e', systemPrompt: 'p', voiceId: null }
    await new PostgresExpertStore(database.pool).insert({ ...expert, embeddingModel, embeddingDimensions }, [fileId])
    const runs = new PostgresRunStore(database.pool)
    await runs.beginStage({ expertId, fileId }, 'store', 1)
    await runs.expectChunks({ expertId, fileId }, 3)
    return { expertId, fileId }
  }

  test('no: while the first files are on their way, which find no index yet', async () => {
    await Promise.all([storing('first', 12), storing('first', 12)])
    assert.equal(await asks(12), false)
  })

  test('yes: once one of them is indexed, for its length only, and until its expert is gone', async () => {
    const runs = new PostgresRunStore(database.pool)
    const [done] = await Promise.all([storing('second', 16), storing('second', 16)])
    await runs.markIndexed(done, INDEXED)
    assert.equal(await asks(16), true)
    assert.equal(await asks(24), false)
    await runs.delete(done.expertId)
    assert.equal(await asks(16), false)
  })

  test('again: files are marked however long that takes', async (t) => {
    const pool = openDatabase({ url: database.url, connections: 1 }, () => undefined, { queryTimeoutMs: 200 })
    t.after(() => pool.end())
    const runs = new PostgresRunStore(database.pool)
    const { expertId, fileId } = await storing('slow')
    await runs.markIndexed({ expertId, fileId }, INDEXED)
    await database.pool.query(`
      create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return new; end $$;
      create trigger slowly before update on expert_files for each row execute function slowly()`)
    const { experts, others } = await markForRebuild(pool, made('slow'), [expertId])
    await database.pool.query('drop function slowly cascade')
    assert.deepEqual([experts[0]?.id, experts[0]?.progress.pending, others], [expertId, 1, []])
  })

  test('again: of the model at hand only, and the others are named', async () => {
    const runs = new PostgresRunStore(database.pool)
    const [ours, theirs] = await Promise.all([storing('ours'), storing('theirs')])
    for (const ref of [ours, theirs]) await runs.markIndexed(ref, INDEXED)
    const asked = [ours.expertId, theirs.expertId]
    const { experts, others } = await markForRebuild(database.pool, made('ours'), asked)
    assert.deepEqual([experts.map(({ id }) => id), others.length], [[ours.expertId], 1])
    assert.deepEqual(others[0], { id: theirs.expertId, name: 'e', model: 'theirs', dimensions: 8 })
    assert.equal(await asks(8), true)
    const shorter = await markForRebuild(database.pool, made('theirs', 4), asked)
    assert.deepEqual([shorter.experts, shorter.others.map(({ id }) => id)], [[], [theirs.expertId]])
  })
})
