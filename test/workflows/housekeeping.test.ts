import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CreateBucketCommand, CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3'
import { PostgresExpertStore } from '../../adapters/postgres-expert-store.ts'
import type { Chore, ChoreReceipt } from '../../domain/housekeeping.ts'
import { chunkId, installationKey, originalKey } from '../../domain/keys.ts'
import type { HousekeepingWorkflow } from '../../workflows/contract.ts'
import { createExpertId, deleteExpertId, deleteFileId, HOUSEKEEPING, housekeepingId } from '../../workflows/contract.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import type { ExpertJson, FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const GRACE_MS = 3_600_000
const LONG_AGO = new Date(Date.now() - 2 * GRACE_MS)
const newOriginal = () => originalKey(randomUUID(), randomUUID(), randomUUID())
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function keepHouse(world: World, dryRun: boolean, ...chores: Chore[]) {
  return world.client.workflow.execute<HousekeepingWorkflow>(HOUSEKEEPING, {
    taskQueue: world.taskQueue,
    workflowId: `${housekeepingId(world.taskQueue)}-${randomUUID()}`,
    args: [{ dryRun, ...(chores.length > 0 && { chores }) }],
  })
}

/** The receipt of one chore. */
async function doChore(world: World, chore: Chore, dryRun = false) {
  const { chores } = await keepHouse(world, dryRun, chore)
  const [receipt] = chores
  assert.equal(chores.length, 1)
  return succeeded(receipt)
}

function succeeded(receipt: ChoreReceipt | undefined) {
  assert.ok(receipt && receipt.failure === null, JSON.stringify(receipt))
  const { found, done, examples } = receipt
  return { found, done, examples: examples.toSorted() }
}

const NOTHING = { found: 0, done: 0, examples: [] }

describe('housekeeping', () => {
  let world: World
  let api: Requests
  const statusOf = async (workflowId: string) =>
    (await world.client.workflow.getHandle(workflowId).describe()).status.name

  before(async () => {
    world = await startWorld({ housekeepingGraceMs: GRACE_MS })
    api = new Requests(world.app)
  })
  after(() => world.close())

  const pathOf = (key: string) => join(world.dir, 'objects', key)
  const isThere = (key: string) =>
    stat(pathOf(key)).then(
      () => true,
      () => false,
    )
  const age = (key: string) => utimes(pathOf(key), LONG_AGO, LONG_AGO)

  /** An object, or a partial file, as a process that died may have left it. */
  async function leave(key: string, { old }: { old: boolean }): Promise<string> {
    await mkdir(dirname(pathOf(key)), { recursive: true })
    await writeFile(pathOf(key), key)
    if (old) await age(key)
    return key
  }

  describe('start-experts', () => {
    /** As the API leaves it when it dies before the start. */
    async function record(file: FileJson): Promise<string> {
      const id = randomUUID()
      const { rows } = await world.database.pool.query<{ user_id: string }>('select user_id from files where id = $1', [
        file.id,
      ])
      const made = { id, userId: rows[0]?.user_id ?? '', name: 'Lost', systemPrompt: 'You help.', voiceId: null }
      const { model: embeddingModel, dimensions: embeddingDimensions } = world.embedder
      await new PostgresExpertStore(world.database.pool).insert({ ...made, embeddingModel, embeddingDimensions }, [
        file.id,
      ])
      return id
    }
    const change = (id: string, status: ExpertJson['status']) =>
      world.database.pool.query(
        `update experts set status = $2, updated_at = now() - interval '10 minutes' where id = $1`,
        [id, status],
      )

    test('completes an expert whose API died before it could start the run, and leaves one alone that was recorded a moment ago', async () => {
      const file = await api.upload('lost.txt', 'The lightship was lost in the storm of 1884.')
      const [lost, young] = [await record(file), await record(file)]
      await change(lost, 'queued')
      const examples = [`${createExpertId(lost)} (queued)`]

      assert.deepEqual(await doChore(world, 'start-experts', true), { found: 1, done: 0, examples })
      assert.equal((await api.expert(lost)).status, 'queued')

      assert.deepEqual(await doChore(world, 'start-experts'), { found: 1, done: 1, examples })
      await api.until(lost, 'ready')
      const [best] = await api.search(lost, 'lightship storm')
      assert.equal(best?.file_name, 'lost.txt')

      assert.deepEqual(await doChore(world, 'start-experts'), NOTHING)
      assert.equal((await api.expert(young)).status, 'queued')
      await world.database.pool.query('delete from experts where id = $1', [young])
    })

    test('starts a run again that was terminated, and none that goes on', async () => {
      const file = await api.upload('broken.pdf', '%PDF-1.7 broken')
      const [terminated, waiting] = [await api.createExpert([file]), await api.createExpert([file])]
      await Promise.all([terminated, waiting].map(({ id }) => api.until(id, 'failed')))
      await world.client.workflow.getHandle(terminated.workflow_id).terminate()
      await change(terminated.id, 'processing')
      await change(waiting.id, 'processing')

      const examples = [`${terminated.workflow_id} (processing)`]
      assert.deepEqual(await doChore(world, 'start-experts'), { found: 1, done: 1, examples })
      await api.until(terminated.id, 'failed')
      assert.equal(await statusOf(terminated.workflow_id), 'RUNNING')
      await Promise.all([terminated, waiting].map(({ id }) => api.send('DELETE', `/experts/${id}`)))
    })

    test('starts a run again of an expert that is paused until the next day, and of none that waits for somebody', async () => {
      const file = await api.upload('tomorrow.txt', 'The tide turns tomorrow.')
      const [tomorrow, someday] = [await record(file), await record(file)]
      const pause = async (id: string, reason: string) => {
        await change(id, 'paused')
        await world.database.pool.query('update experts set status_reason = $2 where id = $1', [id, reason])
      }
      await pause(tomorrow, 'TOKEN_QUOTA_EXHAUSTED: The tokens of the day are used up.')
      await pause(someday, 'EMBEDDING_AUTH: The embedding service refused the API key.')

      const examples = [`${createExpertId(tomorrow)} (paused)`]
      assert.deepEqual(await doChore(world, 'start-experts'), { found: 1, done: 1, examples })
      await api.until(tomorrow, 'ready')
      assert.equal((await api.expert(someday)).status, 'paused')
      await world.database.pool.query('delete from experts where id = $1', [someday])
    })

    test('finishes a deletion that nobody works on', async () => {
      const { id } = await api.createExpert([await api.upload('old.txt', 'To be forgotten.')])
      await api.until(id, 'ready')
      await change(id, 'deleting')
      const examples = [`${deleteExpertId(id)} (deleting)`]
      assert.deepEqual(await doChore(world, 'start-experts'), { found: 1, done: 1, examples })
      await eventually(async () => assert.equal((await api.send('GET', `/experts/${id}`)).status, 404))
      assert.equal(await world.vectors.count(`${id}.1`), 0)
    })
  })

  test('start-experts finishes the deletion of a file, and a removal, whose runs were ended by hand', async () => {
    const [gone, removed] = [await api.upload('gone.txt', 'Marked.'), await api.upload('removed.txt', 'Marked too.')]
    const { id } = await api.createExpert([gone, removed])
    await api.until(id, 'ready')
    // It is ready before its run has ended.
    await eventually(async () => assert.equal(await statusOf(createExpertId(id)), 'COMPLETED'))
    const longAgo = `updated_at = now() - interval '10 minutes'`
    const { pool } = world.database
    await pool.query(`update files set processing_status = 'deleting', ${longAgo} where id = $1`, [gone.id])
    await pool.query(`update expert_files set status = 'removing', ${longAgo} where file_id = $1`, [removed.id])
    await pool.query(`update experts set ${longAgo} where id = $1`, [id])

    const examples = [`${deleteFileId(gone.id)} (deleting)`, `${createExpertId(id)} (ready)`].toSorted()
    assert.deepEqual(await doChore(world, 'start-experts'), { found: 2, done: 2, examples })
    await eventually(async () => assert.equal((await api.send('GET', `/knowledge-base/files/${gone.id}`)).status, 404))
    await eventually(async () => assert.equal((await api.expert(id)).progress.files, 0))
    await eventually(async () => assert.equal(await world.vectors.count(`${id}.1`), 0))
    assert.equal((await api.send('GET', `/knowledge-base/files/${removed.id}`)).status, 200)
    await api.until(id, 'ready')
  })

  test('abort-uploads discards what a crash left of an upload, not what is being written, nor what is not ours', async () => {
    const partial = (key: string) => `${key}.${randomUUID()}.partial`
    const key = newOriginal()
    const dead = await leave(partial(key), { old: true })
    const others = [
      await leave(partial(newOriginal()), { old: false }),
      await leave(partial('elsewhere/object'), { old: true }),
    ]
    assert.deepEqual(await doChore(world, 'abort-uploads', true), { found: 1, done: 0, examples: [key] })
    assert.ok(await isThere(dead))
    assert.deepEqual(await doChore(world, 'abort-uploads'), { found: 1, done: 1, examples: [key] })
    assert.ok(!(await isThere(dead)))
    assert.deepEqual(await doChore(world, 'abort-uploads'), NOTHING)
    for (const other of others) assert.ok(await isThere(other), other)
  })

  test('remove-objects removes what no row knows, and keeps what is in use, young, or not ours', async () => {
    const file = await api.upload('kept.txt', 'Kept in the archive of the harbour.')
    await age(file.s3_key)
    const leftovers = [
      await leave(newOriginal(), { old: true }),
      await leave(originalKey(randomUUID(), file.id, randomUUID()), { old: true }),
      await leave(`derived/${sha256('gone')}/text-1.jsonl.gz`, { old: true }),
      await leave(`derived/${sha256('gone')}/model-256-abc/part-00000.jsonl.gz`, { old: true }),
    ].toSorted()
    const kept = [
      file.s3_key,
      await leave(`derived/${file.sha256}/text-1.jsonl.gz`, { old: true }),
      await leave(newOriginal(), { old: false }),
      await leave(`derived/${sha256('young')}/text-1.jsonl.gz`, { old: false }),
      await leave('uploads/readme.txt', { old: true }),
      await leave('backups/2025/dump', { old: true }),
    ]
    assert.deepEqual(await doChore(world, 'remove-objects', true), { found: 4, done: 0, examples: leftovers })
    for (const key of leftovers) assert.ok(await isThere(key), key)
    assert.deepEqual(await doChore(world, 'remove-objects'), { found: 4, done: 4, examples: leftovers })
    for (const key of leftovers) assert.ok(!(await isThere(key)), key)
    assert.deepEqual(await doChore(world, 'remove-objects'), NOTHING)
    for (const key of kept) assert.ok(await isThere(key), key)
  })

  test('remove-objects touches nothing in a store that another installation uses too, says so, and the next chore is done', async () => {
    const orphan = await leave(newOriginal(), { old: true })
    const mark = await leave(installationKey(randomUUID()), { old: true })
    for (const dryRun of [true, false]) {
      const { chores } = await keepHouse(world, dryRun, 'remove-objects', 'remove-vectors')
      assert.equal(chores[0]?.failure?.code, 'STORE_IS_SHARED')
      assert.match(chores[0].failure.message, new RegExp(`delete the object ${mark}`))
      assert.equal(chores[1]?.failure, null)
    }
    assert.ok(await isThere(orphan))
    await world.objects.delete(mark)
    assert.deepEqual(await doChore(world, 'remove-objects'), { found: 1, done: 1, examples: [orphan] })
  })

  test('remove-vectors removes those of experts that are gone, and of generations that were replaced', async () => {
    const { ghost, replaced, current, kept, close } = await leaveVectors(world, api)
    // Replaced a moment ago: a search that began before may still be reading it.
    await world.database.pool.query('update experts set generation = 2, updated_at = now() where id = $1', [current])
    const examples = [ghost, replaced].toSorted()
    assert.deepEqual(await doChore(world, 'remove-vectors', true), { found: 2, done: 0, examples })
    assert.equal(await world.vectors.count(ghost), 1)
    assert.deepEqual(await doChore(world, 'remove-vectors'), { found: 2, done: 2, examples })
    for (const namespace of examples) assert.equal(await world.vectors.count(namespace), 0)
    assert.deepEqual(await doChore(world, 'remove-vectors'), NOTHING)
    for (const namespace of kept) assert.equal(await world.vectors.count(namespace), 1, namespace)
    await close()
  })

  test('names twenty examples and counts the rest', async () => {
    for (let i = 0; i < 25; i++) await leave(newOriginal(), { old: true })
    const { found, done, examples } = await doChore(world, 'remove-objects')
    assert.deepEqual([found, done, examples.length], [25, 25, 20])
  })

  test('shows its receipt in the Web UI', async () => {
    const workflowId = `${housekeepingId(world.taskQueue)}-shown`
    const args: Parameters<HousekeepingWorkflow> = [{ dryRun: true }]
    const run = await world.client.workflow.start<HousekeepingWorkflow>(HOUSEKEEPING, {
      taskQueue: world.taskQueue,
      workflowId,
      args,
    })
    const { dry_run, chores } = await run.result()
    assert.equal(dry_run, true)
    assert.deepEqual(
      chores.map(({ chore }) => chore),
      ['start-experts', 'abort-uploads', 'remove-objects', 'remove-vectors'],
    )
    const { currentDetails } = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata')
    assert.match(currentDetails, /\*\*Dry run: nothing was changed\*\*.*\| remove-vectors \| 0 \| 0 \|/s)
    const { events } = await run.fetchHistory()
    const summaries = (events ?? []).flatMap(({ userMetadata }) => userMetadata?.summary?.data?.toString() ?? [])
    assert.ok(summaries.includes('"abort-uploads · dry run"'), summaries.join())
  })

  test('refuses a chore that it does not know, instead of doing nothing', async () => {
    await assert.rejects(keepHouse(world, false, 'tidy-up' as Chore), ({ cause }: Error) => {
      assert.match((cause as Error).message, /start-experts, abort-uploads, remove-objects, remove-vectors/)
      return true
    })
  })
})

describe('housekeeping in S3 and Pinecone', () => {
  let world: World
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let client: S3Client
  const { s3 } = infrastructure()
  const bucket = `housekeeping-${randomUUID()}`

  before(async () => {
    const credentials = { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretKey }
    client = new S3Client({ region: s3.region, endpoint: s3.endpoint ?? '', forcePathStyle: true, credentials })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    pinecone = await startPineconeServer()
    world = await startWorld({
      objects: { kind: 's3', ...s3, bucket },
      vectors: {
        kind: 'pinecone',
        apiKey: pinecone.apiKey,
        controllerHost: pinecone.url,
        index: 'test',
        cloud: 'aws',
        region: 'us-east-1',
      },
      // S3 tells the age itself, so that everything has to count as old.
      housekeepingGraceMs: 1,
    })
  })
  after(async () => {
    await world.close()
    await pinecone.close()
    client.destroy()
  })

  test('finds the same leftovers, and settles them once', async () => {
    const api = new Requests(world.app)
    const { ghost, replaced, kept, close } = await leaveVectors(world, api)
    const unfinished = newOriginal()
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: unfinished }))
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'elsewhere/object' }))
    const orphan = newOriginal()
    for (const key of [orphan, 'elsewhere/object']) await world.objects.upload(key, Buffer.from('x'))

    const expected = [
      { found: 1, done: 1, examples: [unfinished] },
      { found: 1, done: 1, examples: [orphan] },
      { found: 2, done: 2, examples: [ghost, replaced].toSorted() },
    ]
    const chores = ['abort-uploads', 'remove-objects', 'remove-vectors'] as const
    const dry = await keepHouse(world, true, ...chores)
    assert.deepEqual(
      dry.chores.map(succeeded),
      expected.map((receipt) => ({ ...receipt, done: 0 })),
    )
    const real = await keepHouse(world, false, ...chores)
    assert.deepEqual(real.chores.map(succeeded), expected)
    const again = await keepHouse(world, false, ...chores)
    assert.deepEqual(again.chores.map(succeeded), [NOTHING, NOTHING, NOTHING])

    assert.equal(await world.objects.size('elsewhere/object'), 1)
    const left = await Array.fromAsync(world.objects.unfinishedUploads(''))
    assert.deepEqual(
      left.map(({ key }) => key),
      ['elsewhere/object'],
    )
    for (const namespace of kept) assert.equal(await world.vectors.count(namespace), 1, namespace)
    await close()
  })
})

/** Namespaces of every kind, a vector each: of an expert that is gone, of a replaced generation, and those to be kept. */
async function leaveVectors(world: World, api: Requests) {
  const write = async (namespace: string) => {
    const chunk = {
      index: 0,
      text: 'x',
      tokens: 1,
      pageStart: 1,
      pageEnd: 1,
      headingPath: [],
      startOffset: 0,
      endOffset: 1,
    }
    const [vector] = await world.embedder.embed(['x'])
    assert.ok(vector)
    await world.vectors.upsert(namespace, [{ id: chunkId('f', 0), fileId: 'f', chunk, vector }])
    return namespace
  }
  const file = await api.upload('vectors.txt', 'One chunk of it.')
  const [gone, moved, current] = await Promise.all([1, 2, 3].map(() => api.createExpert([file])))
  assert.ok(gone && moved && current)
  await Promise.all([gone, moved, current].map(({ id }) => api.until(id, 'ready')))
  await api.send('DELETE', `/experts/${gone.id}`)
  await eventually(async () => assert.equal((await api.send('GET', `/experts/${gone.id}`)).status, 404))
  await world.database.pool.query(
    `update experts set generation = 2, updated_at = now() - interval '1 day' where id = $1`,
    [moved.id],
  )
  const kept = [
    await write(`${moved.id}.2`),
    await write(`${moved.id}.3`),
    `${current.id}.1`,
    await write(`${randomUUID()}.1`),
    await write(`notes-${randomUUID()}`),
  ]
  const close = async () => {
    for (const namespace of kept) await world.vectors.deleteNamespace(namespace)
    for (const { id } of [moved, current]) await api.send('DELETE', `/experts/${id}`)
  }
  return { ghost: await write(`${gone.id}.1`), replaced: `${moved.id}.1`, current: current.id, kept, close }
}
