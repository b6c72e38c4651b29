import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { Static } from 'typebox'
import { PostgresHousekeepingStore } from '../../adapters/postgres-housekeeping-store.ts'
import { markForRebuild } from '../../adapters/postgres-rebuild.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import type { ReindexSchema } from '../../api/reindex-schemas.ts'
import { Failure } from '../../domain/failure.ts'
import type { VectorRecord } from '../../domain/ports.ts'
import type { ReindexReceipt } from '../../domain/reindex.ts'
import type { TokenBudget, TokenHold } from '../../domain/usage.ts'
import type { ReindexState } from '../../workflows/contract.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import type { FileJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

type ReindexJson = Static<typeof ReindexSchema>

const OLD = 'hashing-v1-256'
const NEW = 'hashing-v1-64'
const OTHER_MODEL = { embeddings: 'hashing', dimensions: 64 }

/** Stands before the embedding of what it is told to hold, or refuses it. */
class HeldBudget {
  #isHeld: (hold: TokenHold) => boolean = () => false
  #refusal: Failure | undefined
  #waiting: (() => void)[] = []
  readonly held: string[] = []

  around = (budget: TokenBudget): TokenBudget => ({
    hold: async (hold) => {
      if (this.#refusal) throw this.#refusal
      if (this.#isHeld(hold)) {
        this.held.push(hold.name)
        await new Promise<void>((resolve) => this.#waiting.push(resolve))
      }
      return budget.hold(hold)
    },
    settle: (...args) => budget.settle(...args),
    release: (hold) => budget.release(hold),
    waitFor: (userId) => budget.waitFor(userId),
  })

  /** The file, by the model that the recipe begins with, all of it or a part; all files without one. */
  hold(recipe: string, file?: FileJson, part?: number): void {
    this.#isHeld = ({ name }) =>
      name.includes(`/${recipe}-`) &&
      (!file || name.includes(String(file.sha256))) &&
      (part === undefined || name.endsWith(`/${part}`))
  }

  refuse(refusal: Failure): void {
    this.#refusal = refusal
  }

  open(): void {
    this.#isHeld = () => false
    this.#refusal = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
    this.held.length = 0
  }
}

describe('ReindexExpert', () => {
  const budget = new HeldBudget()
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld({ budget: budget.around, prices: { 'hashing-v1': 1 } })
    api = new Requests(world.app)
  })
  afterEach(() => budget.open())
  after(() => world.close())

  const at = (id: string) => `/experts/${id}/reindex`
  const begin = async (id: string, body: object = OTHER_MODEL): Promise<ReindexJson> => {
    const answer = await api.send('POST', at(id), body)
    assert.equal(answer.status, 202, JSON.stringify(answer.body))
    return answer.body as ReindexJson
  }
  const look = async (id: string) => (await api.send('GET', at(id))).body as ReindexJson
  const until = (id: string, ...statuses: ReindexJson['status'][]) =>
    eventually(async () => {
      const reindex = await look(id)
      assert.ok(statuses.includes(reindex.status), JSON.stringify(reindex))
      return reindex
    })
  const ask = async (id: string, action: string, status = 202) => {
    const answer = await api.send('POST', `${at(id)}/${action}`)
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    return answer.body
  }
  const run = (id: string, generation = 2) => world.client.workflow.getHandle(`reindex-expert-${id}-${generation}`)
  const receiptOf = (id: string, generation = 2) => run(id, generation).result() as Promise<ReindexReceipt>
  const details = async (id: string) =>
    (await run(id).query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails
  const count = (id: string, generation: number) => world.vectors.count(`${id}.${generation}`)
  const namespacesOf = async (id: string) =>
    (await Array.fromAsync(world.vectors.namespaces())).filter((name) => name.startsWith(id)).toSorted()
  const isGone = (id: string, generation: number, { id: fileId }: FileJson) =>
    eventually(async () => assert.equal(await world.vectors.hasFile(`${id}.${generation}`, fileId), false))
  const derivedOf = async ({ sha256 }: FileJson) =>
    (await Array.fromAsync(world.objects.list(`derived/${sha256}/`))).map(({ key }) => key.split('/')[2] ?? '')
  const rowsOf = async (id: string) =>
    Number(
      (await world.database.pool.query('select count(*) from expert_file_builds where expert_id = $1', [id])).rows[0]
        .count,
    )
  const isHolding = (files: number) => eventually(async () => assert.equal(budget.held.length, files))

  let names = 0
  /** A file of some chunks about something that no other file is about. */
  const file = (word: string, paragraphs = 8) =>
    api.upload(
      `${word}-${names++}.txt`,
      Array.from(
        { length: paragraphs },
        (_, i) => `Paragraph ${i} of the log tells of ${word}. ${'It goes on. '.repeat(30)}`,
      ).join('\n\n'),
    )
  const expertOf = async (...files: FileJson[]) => {
    const { id } = await api.createExpert(files)
    await api.until(id, 'ready')
    return id
  }
  const found = async (id: string, word: string) => (await api.search(id, word, { top_k: 1 }))[0]?.file_id
  const looks = async (id: string, activity: string) => {
    const { events } = await run(id).fetchHistory()
    return (events ?? []).filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity)
      .length
  }
  const switchedHoursAgo = (id: string) =>
    world.database.pool.query(
      `update expert_builds set switched_at = now() - interval '2 hours', updated_at = now() - interval '10 minutes'
       where expert_id = $1`,
      [id],
    )
  const startLost = async () => {
    const { chores } = await world.client.workflow.execute('Housekeeping', {
      ...{ taskQueue: world.taskQueue, workflowId: `${world.taskQueue}-by-hand` },
      args: [{ dryRun: false, chores: ['start-experts'] }],
    })
    return chores[0].examples as string[]
  }
  /** No search that has read which generation served can go on by now. */
  const aMinutePasses = (id: string) =>
    world.database.pool.query(
      `update expert_builds set switched_at = switched_at - interval '2 minutes' where expert_id = $1`,
      [id],
    )

  test('gives an expert another model while the old one serves, then removes what lost, with a receipt', async () => {
    const [anchors, winches] = [await file('anchors'), await file('winches')]
    const id = await expertOf(anchors, winches)
    budget.hold(NEW, winches)
    const { estimate, generation, from, to } = await begin(id)
    assert.deepEqual([generation, from.embeddings.dimensions, to.embeddings.dimensions], [2, 256, 64])
    const tokens = (await api.expert(id)).cost.tokens_embedded
    assert.equal(estimate.tokens.expected, tokens, 'another model takes as many tokens')
    assert.equal(estimate.amount?.expected, tokens / 1_000_000)
    await isHolding(1)

    const building = await eventually(async () => {
      const expert = await api.expert(id)
      assert.deepEqual(expert.reindex, { generation: 2, status: 'building', files: 2, built: 1, failed: 0 })
      return expert
    })
    assert.equal(building.status, 'ready')
    assert.equal(building.embeddings.dimensions, 256)
    for (const [word, { id: fileId }] of Object.entries({ anchors, winches }))
      assert.equal(await found(id, word), fileId)
    assert.match(await details(id), /Building: 1 of 2 files\. The old vectors serve/)
    assert.match(await details(id), new RegExp(`Estimated: ${tokens} tokens for 0\\.0\\d+ USD`))

    budget.open()
    const { switched_at, is_switched } = await until(id, 'switched')
    assert.ok(is_switched && switched_at)
    assert.equal(await count(id, 1), await count(id, 2))
    const switched = await api.expert(id)
    assert.equal(switched.embeddings.dimensions, 64)
    assert.equal(switched.cost.tokens_embedded, 2 * tokens)
    for (const [word, { id: fileId }] of Object.entries({ anchors, winches }))
      assert.equal(await found(id, word), fileId)

    await ask(id, 'finish')
    await ask(id, 'finish')
    await until(id, 'cleaning')
    assert.deepEqual(await namespacesOf(id), [`${id}.1`, `${id}.2`], 'searches under way still read the old ones')
    await run(id).terminate()
    await aMinutePasses(id)
    await ask(id, 'finish')
    const receipt = await receiptOf(id)
    const vectors = await count(id, 2)
    assert.deepEqual(receipt, {
      ...{ expert_id: id, generation: 2, outcome: 'done', files: 2, embedding_model: 'hashing-v1' },
      ...{ vectors_deleted: vectors, vectors_left: 0, artefacts_deleted: 4 },
    })
    assert.deepEqual(await namespacesOf(id), [`${id}.2`])
    assert.ok((await derivedOf(anchors)).every((folder) => !folder.startsWith(OLD)))
    assert.equal(await rowsOf(id), 0)
    const ended = await look(id)
    assert.deepEqual([ended.status, ended.tokens_embedded], ['done', tokens])
    assert.equal((await api.expert(id)).reindex, null)
    await ask(id, 'finish')
    assert.equal((await ask(id, 'rollback', 409)).code, 'REINDEX_NOT_NOW')
  })

  test('gives an expert other chunks; pays for nothing that is embedded already; refuses what changes nothing', async () => {
    const pumps = await file('pumps')
    const [id, twin] = [await expertOf(pumps), await expertOf(pumps)]
    assert.equal((await api.send('GET', at(id))).body.code, 'REINDEX_NOT_FOUND')
    const same = await api.send('POST', at(id))
    assert.deepEqual([same.status, same.body.code], [409, 'REINDEX_NOT_NEEDED'])
    const chunks = { chunk_tokens: 60, chunk_overlap_tokens: 10 }
    const estimate = await api.send('POST', at(id), { ...chunks, dry_run: true })
    assert.equal(estimate.status, 200)
    assert.equal((await api.expert(id)).reindex, null, 'nothing was begun')
    await begin(id, chunks)
    const again = await api.send('POST', at(id), chunks)
    assert.deepEqual([again.status, again.body.code], [409, 'REINDEX_UNDER_WAY'])
    await until(id, 'switched')
    assert.ok((await count(id, 2)) > 2 * (await count(id, 1)))
    assert.equal(await found(id, 'pumps'), pumps.id)

    const known = (await api.send('POST', at(twin), { ...chunks, dry_run: true })).body as ReindexJson['estimate']
    assert.equal(known.tokens.expected, 0)
    const reused = await begin(twin, chunks)
    assert.ok(reused.estimate.tokens_reused > 0)
    const { tokens_embedded, tokens_reused } = await until(twin, 'switched')
    assert.deepEqual([tokens_embedded, tokens_reused], [0, known.tokens_reused])
    assert.equal((await begin(await expertOf(pumps), { force: true })).generation, 2)
  })

  test('is begun once by requests with the same Idempotency-Key, and refused where the model is not to be had', async () => {
    const id = await expertOf(await file('buoys'))
    const keyed = new Requests(world.app, { 'idempotency-key': `once-${id}` })
    const answers = [await keyed.send('POST', at(id), OTHER_MODEL), await keyed.send('POST', at(id), OTHER_MODEL)]
    assert.deepEqual(
      answers.map(({ status, body, headers }) => [status, body.generation, headers.location]),
      [
        [202, 2, at(id)],
        [202, 2, at(id)],
      ],
    )
    await until(id, 'switched')
    const other = await expertOf(await file('rudders'))
    const { status, body } = await api.send('POST', at(other), { embeddings: 'openai' })
    assert.deepEqual([status, body.code], [409, 'EMBEDDING_MODEL_MISMATCH'])
    assert.match(String(body.detail), /OPENAI_API_KEY is not set/)
  })

  test('files that are added, removed or replaced meanwhile are so in both', async () => {
    const [stays, goes, changes] = [await file('hulls'), await file('masts'), await file('sails')]
    const id = await expertOf(stays, goes, changes)
    budget.hold(NEW, stays)
    await begin(id)
    await isHolding(1)
    await eventually(async () => assert.equal((await api.expert(id)).reindex?.built, 2))

    const comes = await file('keels')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [comes.id] })
    await eventually(async () => assert.equal(await found(id, 'keels'), comes.id))
    await api.send('DELETE', `/experts/${id}/files/${goes.id}`)
    await eventually(async () => assert.equal((await api.expert(id)).progress.files, 3))
    await api.sendFile('PUT', `/knowledge-base/files/${changes.id}/content`, 'sails.txt', 'Nothing but oars.')
    budget.open()
    await until(id, 'switched')

    assert.equal(await found(id, 'oars'), changes.id)
    assert.equal(await found(id, 'keels'), comes.id)
    for (const generation of [1, 2]) {
      await isGone(id, generation, goes)
      assert.equal(await world.vectors.hasFile(`${id}.${generation}`, comes.id), true)
    }
    const chunks = await world.database.pool.query(
      'select sum(chunks)::int as sum from expert_files where expert_id = $1',
      [id],
    )
    assert.equal(await count(id, 2), chunks.rows[0].sum)

    await api.send('DELETE', `/experts/${id}/files/${stays.id}`)
    for (const generation of [1, 2]) await isGone(id, generation, stays)
  })

  test('a file that is being processed at the switch begins anew, and leaves nothing in the old vectors', async () => {
    const id = await expertOf(await file('charts'))
    const late = await file('tides')
    budget.hold(OLD, late)
    await api.send('POST', `/experts/${id}/files`, { file_ids: [late.id] })
    await isHolding(1)
    await begin(id)
    await until(id, 'switched')
    budget.open()
    await api.until(id, 'ready')
    assert.equal(await found(id, 'tides'), late.id)
    assert.equal(await world.vectors.hasFile(`${id}.1`, late.id), false)
    assert.equal(await world.vectors.hasFile(`${id}.2`, late.id), true)
  })

  test('is rolled back whole: what was added since the switch is in the old vectors, too', async () => {
    const old = await file('lamps')
    const id = await expertOf(old)
    await begin(id)
    await until(id, 'switched')
    const added = await file('horns')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [added.id] })
    await eventually(async () => assert.equal(await found(id, 'horns'), added.id))
    assert.equal(await world.vectors.hasFile(`${id}.1`, added.id), false)

    budget.hold(OLD, added)
    await ask(id, 'rollback')
    await isHolding(1)
    assert.equal((await api.expert(id)).embeddings.dimensions, 64, 'until the old ones are whole')
    assert.equal((await until(id, 'rolling_back')).progress.pending, 1)
    await ask(id, 'rollback')
    budget.open()
    await eventually(async () => assert.equal((await api.expert(id)).embeddings.dimensions, 256))
    assert.equal((await look(id)).status, 'cleaning')
    for (const [word, { id: fileId }] of Object.entries({ lamps: old, horns: added }))
      assert.equal(await found(id, word), fileId)
    await run(id).terminate()
    await aMinutePasses(id)
    await ask(id, 'rollback')
    const receipt = await receiptOf(id)
    assert.deepEqual([receipt.outcome, receipt.vectors_left], ['rolled_back', 0])
    assert.deepEqual(await namespacesOf(id), [`${id}.1`])
    assert.equal((await look(id)).status, 'rolled_back')
    assert.equal((await begin(id)).generation, 3, 'a number is never used again')
  })

  test('is cancelled before the switch, as if nothing had been', async () => {
    const [one, two] = [await file('ropes'), await file('knots', 300)]
    const id = await expertOf(one, two)
    // The second part of it, so that the first one is kept.
    budget.hold(NEW, two, 1)
    await begin(id, { ...OTHER_MODEL, chunk_tokens: 50, chunk_overlap_tokens: 0 })
    await isHolding(1)
    await eventually(async () => assert.equal((await api.expert(id)).reindex?.built, 1))
    assert.ok((await derivedOf(two)).some((folder) => folder.startsWith(NEW)))
    await ask(id, 'cancel')
    await run(id)
      .signal('cancelReindex')
      .catch(() => undefined)
    budget.open()
    const receipt = await receiptOf(id)
    assert.equal(receipt.outcome, 'cancelled')
    assert.deepEqual(await namespacesOf(id), [`${id}.1`])
    for (const each of [one, two])
      assert.ok(
        (await derivedOf(each)).every((folder) => !folder.startsWith(NEW)),
        'also of what was begun only',
      )
    assert.ok((await derivedOf(two)).some((folder) => folder.startsWith(OLD)))
    assert.equal(await rowsOf(id), 0)
    assert.equal((await look(id)).status, 'cancelled')
    assert.equal((await api.expert(id)).embeddings.dimensions, 256)
    assert.equal(await found(id, 'knots'), two.id)
    assert.equal((await ask(id, 'cancel')).status, 'cancelled')
    assert.equal((await ask(id, 'pause', 409)).code, 'REINDEX_NOT_NOW')
  })

  test('is cancelled by a request that comes before its run has begun', async () => {
    const id = await expertOf(await file('oars'))
    await begin(id)
    await ask(id, 'cancel')
    assert.equal((await receiptOf(id)).outcome, 'cancelled')
    assert.deepEqual(await namespacesOf(id), [`${id}.1`])
    assert.equal((await api.expert(id)).embeddings.dimensions, 256)
  })

  test('has a run of its own, also where that of the one before goes on; one that is closed ends its run', async () => {
    const [one, two] = [await file('shackles'), await file('swivels')]
    const id = await expertOf(one, two)
    budget.hold(NEW, two)
    await begin(id)
    await isHolding(1)
    await eventually(async () => assert.equal((await api.expert(id)).reindex?.built, 1))
    await world.reindexes.discard(LOCAL_USER_ID, id, 2)
    assert.equal((await begin(id)).generation, 3)
    budget.open()
    await until(id, 'switched')
    assert.equal((await receiptOf(id)).outcome, 'cancelled')
    assert.deepEqual(await namespacesOf(id), [`${id}.1`, `${id}.3`])
    assert.equal((await look(id)).generation, 3)
    await world.reindexes.discard(LOCAL_USER_ID, id, 3)
    assert.equal((await look(id)).status, 'switched', 'what serves is not discarded')
  })

  test('keeps the old vectors as long as it says, whoever ends its run; and a run that comes too late ends well', async () => {
    const id = await expertOf(await file('thwarts'))
    await begin(id)
    await until(id, 'switched')
    await run(id).terminate()
    await switchedHoursAgo(id)
    assert.ok((await startLost()).includes(`reindex-expert-${id}-2 (switched)`))
    assert.equal((await receiptOf(id)).outcome, 'done')
    assert.deepEqual(await namespacesOf(id), [`${id}.2`])
    await world.client.workflow.signalWithStart('ReindexExpert', {
      ...{ taskQueue: world.taskQueue, workflowId: run(id).workflowId, args: [{ expertId: id, generation: 2 }] },
      ...{ signal: 'finishReindex', signalArgs: [] },
    })
    const { outcome, vectors_deleted } = await receiptOf(id)
    assert.deepEqual([outcome, vectors_deleted], ['done', 0])
    assert.equal((await look(id)).status, 'done')
  })

  test('waits for files that are being removed while it is verified, and stores nothing again', async () => {
    const [stays, goes] = [await file('oarlocks'), await file('tillers')]
    const id = await expertOf(stays, goes)
    budget.hold(NEW, stays)
    await begin(id)
    await isHolding(1)
    await eventually(async () => assert.equal((await api.expert(id)).reindex?.built, 1))
    // As a removal does that has not come to the vectors yet.
    await world.database.pool.query(
      `update expert_files set status = 'removing' where expert_id = $1 and file_id = $2`,
      [id, goes.id],
    )
    budget.open()
    await eventually(async () => assert.equal(await looks(id, 'verifyBuild'), 3))
    assert.equal((await look(id)).status, 'verifying')
    await api.send('DELETE', `/experts/${id}/files/${goes.id}`)
    await until(id, 'switched')
    assert.equal(await looks(id, 'mendBuild'), 0)
    for (const generation of [1, 2]) await isGone(id, generation, goes)
    assert.equal(await found(id, 'oarlocks'), stays.id)
  })

  test('pauses where its passes change nothing, and says so', async (t) => {
    const { pool } = world.database
    const id = await expertOf(await file('pennants'))
    // As if other content came each time that a file is done.
    await pool.query(`create function other_content() returns trigger language plpgsql as
      $$ begin new.sha256 := repeat('0', 64); return new; end $$`)
    await pool.query(`create trigger other_content before update on expert_file_builds for each row
      when (new.expert_id = '${id}' and new.status = 'indexed') execute function other_content()`)
    t.after(() => pool.query('drop function if exists other_content cascade'))
    await begin(id)
    assert.match(String((await until(id, 'paused')).status_reason), /^1 file would be built again and again/)
    await pool.query('drop function other_content cascade')
    await ask(id, 'resume')
    await until(id, 'switched')
  })

  test('an expert that waits for its old model goes on by itself once it has another one', async () => {
    const [old, added] = [await file('sextants'), await file('compasses')]
    const id = await expertOf(old)
    budget.refuse(new Failure('EMBEDDING_MODEL_MISMATCH'))
    await api.send('POST', `/experts/${id}/files`, { file_ids: [added.id] })
    await api.until(id, 'paused')
    budget.open()
    await begin(id)
    await until(id, 'switched')
    await api.until(id, 'ready')
    assert.equal(await found(id, 'compasses'), added.id)
    assert.equal(await world.vectors.hasFile(`${id}.2`, added.id), true)
  })

  test('is rolled back where a file has got new content that what serves has not taken up', async () => {
    const id = await expertOf(await file('lanterns'))
    await begin(id)
    await until(id, 'switched')
    const added = await file('bells')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [added.id] })
    await eventually(async () => assert.equal(await found(id, 'bells'), added.id))
    await api.sendFile('PUT', `/knowledge-base/files/${added.id}/content`, 'bells.txt', 'Nothing but whistles.')
    await ask(id, 'rollback')
    await eventually(async () => assert.equal((await api.expert(id)).embeddings.dimensions, 256))
    await run(id).terminate()
  })

  test('pauses and goes on by signal; one at the wrong moment changes nothing, and is told', async () => {
    const [one, two] = [await file('decks'), await file('holds')]
    const id = await expertOf(one, two)
    budget.hold(NEW, two)
    await begin(id)
    await isHolding(1)
    for (const signal of ['rollBackReindex', 'finishReindex', 'resumeReindex']) {
      await run(id).signal(signal)
      const { note } = await run(id).query<ReindexState>('reindexProgress')
      assert.match(String(note), new RegExp(`^${signal}: `))
      assert.ok((await details(id)).includes(signal))
    }
    for (const action of ['rollback', 'finish']) assert.equal((await ask(id, action, 409)).code, 'REINDEX_NOT_NOW')
    await ask(id, 'pause')
    await run(id).signal('pauseReindex')
    budget.open()
    const paused = await until(id, 'paused')
    assert.match(String(paused.status_reason), /asked to pause/)
    assert.equal(paused.progress.built, 2, 'what was in flight has ended')
    assert.match(await details(id), /asked to pause.*resumeReindex goes on/)
    await ask(id, 'resume')
    await run(id).signal('resumeReindex')
    await until(id, 'switched')
    for (const signal of ['pauseReindex', 'cancelReindex', 'resumeReindex']) {
      await run(id).signal(signal)
      assert.match(String((await run(id).query<ReindexState>('reindexProgress')).note), new RegExp(`^${signal}: `))
    }
    assert.equal((await ask(id, 'cancel', 409)).code, 'REINDEX_NOT_NOW')
    assert.equal((await look(id)).status, 'switched')
  })

  test('a file that fails pauses it once all others are built, with its reason; what serves has it still', async () => {
    const [good, lost] = [await file('oars'), await file('bilges')]
    const id = await expertOf(good, lost)
    const bytes = Buffer.concat(await Array.fromAsync(await world.objects.download(lost.s3_key)))
    await world.objects.delete(lost.s3_key)
    await begin(id)
    const paused = await until(id, 'paused')
    assert.match(String(paused.status_reason), /^1 file cannot be indexed anew/)
    assert.deepEqual(paused.progress, { files: 2, built: 1, failed: 1, pending: 0 })
    const [failure] = paused.failed_files
    assert.deepEqual([failure?.name, failure?.stage, failure?.code], [lost.original_name, 'download', 'OBJECT_MISSING'])
    assert.match(await details(id), /bilges.*OBJECT\\_MISSING|bilges.*OBJECT_MISSING/)
    assert.equal(await found(id, 'bilges'), lost.id)
    assert.equal((await api.expert(id)).status, 'ready')
    await world.objects.upload(lost.s3_key, bytes)
    await ask(id, 'resume')
    await until(id, 'switched')
  })

  test('a fault of the system pauses it, and says why', async () => {
    const id = await expertOf(await file('cranes'))
    budget.refuse(new Failure('EMBEDDING_AUTH'))
    await begin(id)
    const paused = await until(id, 'paused')
    assert.match(String(paused.status_reason), /^EMBEDDING_AUTH: .*OPENAI_API_KEY/)
    assert.deepEqual(paused.failed_files, [])
    budget.open()
    await ask(id, 'resume')
    await until(id, 'switched')
  })

  test('does not switch while vectors are missing: it stores them again; nor where there are too many', async () => {
    const spoilers = {
      flags: (id: string, { id: fileId }: FileJson) => world.vectors.deleteFile(`${id}.2`, fileId, 100),
      lights: (id: string) => world.vectors.upsert(`${id}.2`, [stranger()]),
    }
    for (const [word, spoil] of Object.entries(spoilers)) {
      const [one, two] = [await file(word), await file(`beyond${word}`)]
      const id = await expertOf(one, two)
      budget.hold(NEW, two)
      await begin(id)
      await isHolding(1)
      await eventually(async () => assert.equal((await api.expert(id)).reindex?.built, 1))
      await spoil(id, one)
      const tokens = (await api.expert(id)).cost.tokens_embedded
      budget.open()
      await until(id, 'switched')
      assert.equal(await count(id, 2), await count(id, 1))
      assert.equal(await found(id, word), one.id)
      assert.equal(await looks(id, 'mendBuild'), 1)
      assert.ok((await api.expert(id)).cost.tokens_embedded < 2 * tokens, 'nothing is embedded again')
    }
  })

  const stranger = (): VectorRecord => ({
    ...{ id: 'stranger#0', fileId: '00000000-0000-4000-8000-000000000000', vector: new Float32Array(64).fill(1 / 8) },
    chunk: { index: 0, text: 'x', tokens: 1, pageStart: 1, pageEnd: 1, headingPath: [], startOffset: 0, endOffset: 1 },
  })

  test('waits for tokens of the day, which are held and counted as those of every file', async (t) => {
    const [one, two] = [await file('engines'), await file('boilers')]
    const id = await expertOf(one, two)
    const { body } = await api.send('GET', '/usage')
    const { used } = body.tokens_today as { used: number }
    const quota = (tokens_per_day: number | null) =>
      api.send('PUT', `/users/${LOCAL_USER_ID}/quota`, { tokens_per_day })
    t.after(() => quota(null))
    await quota(used + 1)
    // The first one takes all that is left, and more.
    budget.hold(NEW, two)
    const { estimate } = await begin(id)
    await isHolding(1)
    await eventually(async () => assert.equal((await look(id)).progress.built, 1))
    budget.open()
    assert.match(String((await until(id, 'paused')).status_reason), /^TOKEN_QUOTA_EXHAUSTED: /)
    await quota(null)
    await ask(id, 'resume')
    await until(id, 'switched')
    const after = (await api.send('GET', '/usage')).body.tokens_today as { used: number }
    assert.equal(after.used - used, estimate.tokens.expected)
  })

  test('is started again where its run was lost, and keeps its vectors from housekeeping and from being stored again', async () => {
    const id = await expertOf(await file('moorings'))
    budget.hold(NEW)
    await begin(id)
    await isHolding(1)
    await run(id).terminate()
    budget.open()
    await world.vectors.upsert(`${id}.2`, [stranger()])
    const housekeeping = new PostgresHousekeepingStore(world.database.pool)
    const abandoned = async () => {
      const names = [1, 2, 3].map((generation) => ({ name: `${id}.${generation}`, expertId: id, generation }))
      return housekeeping.abandonedNamespaces(names, new Date(Date.now() + 60_000))
    }
    assert.deepEqual(await abandoned(), [])
    const { experts, reindexed } = await markForRebuild(world.database.pool, () => true, [id])
    assert.deepEqual([experts, reindexed.map((each) => each.id)], [[], [id]])

    await world.database.pool.query(
      `update expert_builds set updated_at = now() - interval '10 minutes' where expert_id = $1`,
      [id],
    )
    const started = await startLost()
    assert.ok(started.includes(`reindex-expert-${id}-2 (building)`), String(started))
    await until(id, 'switched')
    assert.equal(await count(id, 2), await count(id, 1), 'without what nobody accounts for')
    assert.deepEqual(await abandoned(), [])

    await run(id).cancel()
    await until(id, 'cleaning')
    await run(id).terminate()
    await aMinutePasses(id)
    await ask(id, 'finish')
    await until(id, 'done')
    await world.vectors.upsert(`${id}.1`, [{ ...stranger(), vector: new Float32Array(256).fill(1 / 16) }])
    assert.deepEqual(await abandoned(), [`${id}.1`], 'what a worker that was cut off has written afterwards')
  })

  test('ends with its expert, of which nothing is left', async () => {
    const [one, two] = [await file('nets'), await file('hooks')]
    const id = await expertOf(one, two)
    budget.hold(NEW, two)
    await begin(id)
    await isHolding(1)
    const { body } = await api.send('DELETE', `/experts/${id}`)
    budget.open()
    const receipt = await world.client.workflow.getHandle(String(body.workflow_id)).result()
    assert.equal(receipt.vectors_left, 0)
    assert.equal((await api.send('GET', `/experts/${id}`)).status, 404)
    assert.deepEqual(await namespacesOf(id), [])
    assert.deepEqual(await derivedOf(two), [])
    assert.equal(await rowsOf(id), 0)
    assert.notEqual((await run(id).describe()).status.name, 'RUNNING')
  })
})

describe('ReindexExpert, in Pinecone', { concurrency: true }, () => {
  let pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  let world: World
  let api: Requests

  before(async () => {
    pinecone = await startPineconeServer({ describesUntilReady: 0 })
    const { url: controllerHost, apiKey } = pinecone
    world = await startWorld({
      vectors: { kind: 'pinecone', apiKey, index: 'reindex', cloud: 'aws', region: 'us-east-1', controllerHost },
    })
    api = new Requests(world.app)
  })
  after(async () => {
    await world.close()
    await pinecone.close()
  })

  const expertOf = async (name: string, text: string) => {
    const file = await api.upload(name, text)
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    return { id, file }
  }
  const ask = async (id: string, action = '', body?: object) =>
    assert.equal((await api.send('POST', `/experts/${id}/reindex${action}`, body)).status, 202)
  const until = (id: string, status: string) =>
    eventually(async () => {
      const { body } = await api.send('GET', `/experts/${id}/reindex`)
      assert.equal(body.status, status, JSON.stringify(body))
      return body
    }, 120_000)

  test('builds in an index for vectors of that length, and leaves nothing in the other one', async () => {
    const { id, file } = await expertOf('pinecone.txt', 'Cones of pines float.')
    await ask(id, '', OTHER_MODEL)
    await until(id, 'switched')
    assert.equal((await api.search(id, 'cones'))[0]?.file_id, file.id)
    await world.database.pool.query(
      `update expert_builds set switched_at = now() - interval '2 minutes' where expert_id = $1`,
      [id],
    )
    await ask(id, '/finish')
    await until(id, 'done')
    const namespaces = await Array.fromAsync(world.vectors.namespaces())
    assert.deepEqual(
      namespaces.filter((name) => name.startsWith(id)),
      [`${id}.2`],
    )
    assert.equal((await api.search(id, 'cones'))[0]?.file_id, file.id)
  })

  test('refuses to switch as long as the store loses what it is given, and says what it found', async () => {
    const { id, file } = await expertOf('lost.txt', 'Needles of pines are lost.')
    const isNew = (body: unknown) => (body as { namespace?: string } | null)?.namespace === `${id}.2`
    pinecone.server.interfere({
      times: Number.POSITIVE_INFINITY,
      when: ({ path, body }) => path.startsWith('/vectors/upsert') && isNew(body),
      effect: (_request, reply) => reply.send({ upsertedCount: 1 }),
    })
    await ask(id, '', { chunk_tokens: 50 })
    const { status_reason, is_switched } = await until(id, 'paused')
    assert.match(String(status_reason), /does not show all that was stored: 0 of 1 vectors, 1 file without any/)
    assert.equal(is_switched, false)
    const listed = pinecone.server.requests.filter(
      ({ path }) => path.startsWith('/vectors/list') && path.includes(`${id}.2`),
    )
    assert.ok(
      listed.length <= 2 * 3,
      'in two indexes: a file is looked for before it is stored again, not with every look',
    )
    assert.equal((await api.search(id, 'needles'))[0]?.file_id, file.id)
    pinecone.server.heal()
    await ask(id, '/resume')
    await until(id, 'switched')
    assert.equal((await api.search(id, 'needles'))[0]?.file_id, file.id)
  })
})
