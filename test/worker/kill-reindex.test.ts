import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Gate } from '../support/gate.ts'
import { startOwnMachine } from '../support/own-machine.ts'
import { replayHistories } from '../support/replay.ts'
import type { FileJson, Requests } from '../support/requests.ts'
import { eventually } from '../support/requests.ts'
import type { World } from '../support/world.ts'

/** Another length of vectors, and other chunks, by which a search tells which generation it was answered from. */
const OTHERWISE = { embeddings: 'hashing', dimensions: 64, chunk_tokens: 120, chunk_overlap_tokens: 0 }
const RECIPE = '/hashing-v1-64-'
const LIMIT_MS = 120_000

type Reindexed = { readonly id: string; readonly short: FileJson; readonly long: FileJson; readonly before: string }

describe('a worker that is killed while experts are re-indexed', () => {
  let machine: Awaited<ReturnType<typeof startOwnMachine>>
  let world: World
  let api: Requests

  before(async () => {
    machine = await startOwnMachine({ chunkTokens: 60 })
    world = machine.world
    api = machine.api
  })
  after(() => machine.close())

  const passages = (word: string, count: number) =>
    Array.from(
      { length: count },
      (_, i) => `Entry ${i} of the log of the ${word}: wind, draught and cargo, as on every day.`,
    )
  const look = async (id: string) => (await api.send('GET', `/experts/${id}/reindex`)).body
  const ask = async (id: string, action: string) => {
    const { status, body } = await api.send('POST', `/experts/${id}/reindex${action}`, action ? undefined : OTHERWISE)
    assert.equal(status, 202, JSON.stringify(body))
  }
  const until = (id: string, status: string) =>
    eventually(async () => assert.equal((await look(id)).status, status, JSON.stringify(await look(id))), LIMIT_MS)
  /** Every chunk of the expert that a search finds: all that it has. */
  const chunksOf = async (id: string, word: string) => {
    const found = await api.search(id, `the log of the ${word}`, { top_k: 100, mode: 'dense' })
    return found
      .map(({ text }) => text)
      .toSorted()
      .join('\n')
  }
  const aMinutePasses = (id: string) =>
    world.database.pool.query(
      `update expert_builds set switched_at = now() - interval '2 minutes' where expert_id = $1`,
      [id],
    )
  const namespacesOf = async (id: string) =>
    (await Array.fromAsync(world.vectors.namespaces())).filter((name) => name.startsWith(id)).toSorted()
  const held = (method: string, { sha256 }: FileJson, part: string) =>
    machine.s3.hold((request) => request.method === method && request.key.startsWith(`derived/${sha256}${part}`))

  const heldManifest = ({ sha256 }: FileJson) =>
    machine.s3.hold(
      ({ method, key }) =>
        method === 'GET' && key.startsWith(`derived/${sha256}${RECIPE}`) && key.endsWith('manifest.json'),
    )

  async function expertOn(word: string): Promise<Reindexed> {
    const short = await api.upload(`${word}-short.txt`, passages(word, 5).join('\n\n'))
    const long = await api.upload(`${word}.txt`, passages(`${word} again`, 60).join('\n\n'))
    const { id } = await api.createExpert([short, long], word)
    await eventually(async () => assert.equal((await api.expert(id)).status, 'ready'), LIMIT_MS)
    return { id, short, long, before: await chunksOf(id, word) }
  }

  /** Holds the row of an expert, until what would switch it waits for that. */
  async function heldAtSwitch({ id, long }: Reindexed) {
    const gate = heldManifest(long)
    await ask(id, '')
    await gate.arrival
    const client = await world.database.pool.connect()
    await client.query('begin')
    await client.query('select from experts where id = $1 for no key update', [id])
    gate.open()
    await eventually(async () => {
      const { rowCount } = await world.database.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%for no key update%'`,
      )
      assert.equal(rowCount, 1)
    }, LIMIT_MS)
    return async () => {
      await client.query('rollback')
      client.release()
    }
  }

  test('in any of its steps leaves each in a whole state, old or new, and no search goes wrong meanwhile', async (t) => {
    const first = await machine.startWorker()
    const words = ['building', 'verifying', 'switching', 'cleaning', 'cancelled']
    const experts = new Map<string, Reindexed>()
    for (const word of words) experts.set(word, await expertOn(word))
    const on = (word: string) => experts.get(word) as Reindexed

    const searching = new Gate()
    const answers = new Map(words.map((word) => [word, new Map<string, number>()]))
    let isOver = false
    t.after(() => {
      isOver = true
    })
    const search = async () => {
      while (!isOver)
        for (const word of words) {
          const answer = await chunksOf(on(word).id, word)
          const seen = answers.get(word)
          seen?.set(answer, (seen.get(answer) ?? 0) + 1)
          searching.pass().catch(() => undefined)
        }
    }
    const searches = search()
    await searching.arrival

    await ask(on('cleaning').id, '')
    await until(on('cleaning').id, 'switched')
    await aMinutePasses(on('cleaning').id)
    const gates = [
      held('GET', on('building').long, `${RECIPE}`),
      held('GET', on('cancelled').long, `${RECIPE}`),
      heldManifest(on('verifying').long),
      held('DELETE', on('cleaning').long, '/hashing-v1-256-'),
    ]
    for (const word of ['building', 'cancelled', 'verifying']) await ask(on(word).id, '')
    await ask(on('cleaning').id, '/finish')
    const release = await heldAtSwitch(on('switching'))
    await Promise.all(gates.map(({ arrival }) => arrival))
    assert.deepEqual(await Promise.all(words.map(async (word) => (await look(on(word).id)).status)), [
      'building',
      'verifying',
      'verifying',
      'cleaning',
      'building',
    ])

    await first.kill()
    for (const gate of gates) gate.open()
    await release()
    await ask(on('cancelled').id, '/cancel')
    const second = await machine.startWorker()
    for (const word of ['building', 'verifying', 'switching']) await until(on(word).id, 'switched')
    await until(on('cleaning').id, 'done')
    await until(on('cancelled').id, 'cancelled')
    for (const word of ['building', 'verifying', 'switching']) {
      await aMinutePasses(on(word).id)
      await ask(on(word).id, '/finish')
    }
    for (const word of ['building', 'verifying', 'switching']) await until(on(word).id, 'done')
    const settled = new Map<string, string>()
    for (const word of words) settled.set(word, await chunksOf(on(word).id, word))
    isOver = true
    await searches

    for (const word of words) {
      const { id, before } = on(word)
      const generation = word === 'cancelled' ? 1 : 2
      assert.deepEqual(await namespacesOf(id), [`${id}.${generation}`], word)
      const { rows } = await world.database.pool.query(
        'select sum(chunks)::int as chunks, count(*)::int as files from expert_files where expert_id = $1',
        [id],
      )
      assert.deepEqual(rows[0], { chunks: await world.vectors.count(`${id}.${generation}`), files: 2 }, word)
      const after = settled.get(word) ?? ''
      assert.equal(after === before, word === 'cancelled', word)
      for (const answer of answers.get(word)?.keys() ?? [])
        assert.ok(answer === before || answer === after, `${word}: a search was answered with\n${answer}`)
    }
    const counted = [...answers].map(([word, seen]) => [word, ...seen.values()])
    assert.ok(
      counted
        .flat()
        .filter(Number)
        .reduce<number>((sum, n) => sum + Number(n), 0) > 100,
    )
    t.diagnostic(`searches, by what was found: ${counted.map((each) => each.join(' ')).join(', ')}`)
    assert.equal(await second.stop(), 0)
    assert.ok((await replayHistories(world.client, world.taskQueue)) >= 10)
  })
})
