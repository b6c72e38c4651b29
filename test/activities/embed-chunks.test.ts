import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { readPart } from '../../activities/derived-embeddings.ts'
import { writeText } from '../../activities/derived-text.ts'
import { embedChunks } from '../../activities/embed-chunks.ts'
import type { EmbeddedFile, ExtractedFile } from '../../activities/file-refs.ts'
import { PostgresLeaseStore } from '../../adapters/postgres-lease-store.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { PostgresTokenBudget } from '../../adapters/postgres-token-budget.ts'
import { textKey } from '../../domain/keys.ts'
import type { ObjectStore } from '../../domain/ports.ts'
import { StageMetrics } from '../../worker/stage-metrics.ts'
import { pagesOf, sentences } from '../support/chunking.ts'
import { recordingMeter } from '../support/recording-meter.ts'
import { Requests } from '../support/requests.ts'
import { soleEmbedder } from '../support/sole-embedder.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

/** Each sentence a chunk: more than two parts of 256. */
const SENTENCES = 600
const CHUNKING = { maxTokens: 20, overlapTokens: 0 }

describe('embedChunks, after an attempt by another worker', () => {
  let world: World
  let api: Requests
  let file: ExtractedFile
  let files = 0

  before(async () => {
    world = await startWorld({ workers: false })
    api = new Requests(world.app)
  })
  after(() => world.close())

  beforeEach(async () => {
    const { id: fileId, original_name: name, sha256 } = await api.upload('a.txt', `File ${files++}.`)
    const expert = await api.createExpert([{ id: fileId } as never])
    await world.client.workflow.getHandle(expert.workflow_id).terminate()
    assert.ok(sha256)
    const seconds = { download: 0, extract: 0 }
    file = { expertId: expert.id, fileId, name, sha256, textKey: '', pages: 1, pagesSkipped: 0, seconds }
    await extractedBy('1')
  })

  /** The text as an extractor of that version has left it. */
  async function extractedBy(version: string): Promise<void> {
    file = { ...file, textKey: textKey(file.sha256, version) }
    const metadata = { documentType: 'text', wordCount: 1, language: 'en', title: null, author: null } as const
    const pages = pagesOf(sentences(SENTENCES))
    await writeText(world.objects, file.textKey, { ...metadata, pages, pagesSkipped: 0 }, {})
  }

  const embed = (
    heartbeatDetails?: object,
    chunking = CHUNKING,
    changes: Partial<World> = {},
    budget = new PostgresTokenBudget(world.database.pool, { quota: {}, prices: {} }),
  ): Promise<EmbeddedFile> =>
    new MockActivityEnvironment({ attempt: 2, heartbeatDetails }).run(
      embedChunks({
        ...world,
        ...changes,
        chunking,
        runs: new PostgresRunStore(world.database.pool),
        leases: new PostgresLeaseStore(world.database.pool),
        budget,
      }),
      file,
    )

  test('does not take its parts for those of another recipe', async () => {
    const older = await embed(undefined, { ...CHUNKING, maxTokens: 40 })
    const { prefix, parts } = await embed({ prefix: older.prefix, parts: 2, tokensReused: 0 })
    assert.notEqual(prefix, older.prefix)
    assert.ok(parts > 2, `${parts} parts`)
    for (let part = 0; part < parts; part++) assert.ok((await readPart(world.objects, prefix, part, {})).length > 0)
  })

  test('does not count on what one told that did not say of which recipe', async () => {
    const { prefix } = await embed({ parts: 2, tokensReused: 0 })
    assert.ok((await readPart(world.objects, prefix, 0, {})).length > 0)
  })

  test('goes on after its parts, which this file has paid for', async () => {
    const { prefix, parts, tokens } = await embed()
    await world.objects.delete(`${prefix}/manifest.json`)
    const again = await embed({ prefix, parts, tokensReused: 7 })
    assert.deepEqual([again.tokens, again.tokensReused], [tokens, 7])
  })

  test('counts what was paid as soon as it is: again for a part that was not kept, and for none that the service refused', async () => {
    const { tokens, parts } = await embed()
    assert.equal(await paid(), tokens)
    await extractedBy('3')
    await assert.rejects(embed(undefined, CHUNKING, { objects: refusingParts(world.objects, 1) }), /no room/)
    const first = (await paid()) - tokens
    const kept = await embed()
    assert.ok(first > kept.tokensReused && kept.tokensReused > 0, `${first} paid, ${kept.tokensReused} kept`)
    assert.equal(await paid(), tokens + first + kept.tokens - kept.tokensReused)
    await extractedBy('4')
    const embedder = {
      ...world.embedder,
      countTokens: world.embedder.countTokens,
      embed: async () => assert.fail('refused'),
    }
    await assert.rejects(embed(undefined, CHUNKING, { embedders: soleEmbedder(embedder) }), /refused/)
    assert.equal(await paid(), tokens + first + kept.tokens - kept.tokensReused)
    assert.ok(parts > 2)
  })

  test('keeps what was paid for where the database is away for a moment when it is to be counted', async () => {
    let asked = 0
    class Away extends PostgresTokenBudget {
      override async settle(...paid: Parameters<PostgresTokenBudget['settle']>): Promise<void> {
        asked += 1
        if (asked === 1) throw new Error('the database is away')
        return super.settle(...paid)
      }
    }
    const budget = new Away(world.database.pool, { quota: {}, prices: {} })
    const requests: number[] = []
    const embedder = {
      ...world.embedder,
      countTokens: world.embedder.countTokens,
      embed: (texts: readonly string[]) => {
        requests.push(texts.length)
        return world.embedder.embed(texts)
      },
    }
    const { tokens, parts } = await embed(undefined, CHUNKING, { embedders: soleEmbedder(embedder) }, budget)
    assert.deepEqual([requests.length, asked, await paid()], [parts, parts + 1, tokens])
  })

  async function paid(): Promise<number> {
    const { rows } = await world.database.pool.query<{ tokens: number }>(
      'select tokens_embedded::float8 as tokens from expert_costs where expert_id = $1',
      [file.expertId],
    )
    return rows[0]?.tokens ?? 0
  }

  test('keeps embeddings of a text apart from those of what another extractor read in the same bytes', async () => {
    const one = await embed()
    await extractedBy('2')
    const other = await embed()
    assert.notEqual(other.prefix, one.prefix)
    assert.equal(other.tokensReused, 0)
  })
})

/** A store that has no room for this part of what is embedded, as if the worker had died before it was kept. */
const refusingParts = (objects: ObjectStore, part: number): ObjectStore =>
  new Proxy(objects, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'upload') return value.bind(target)
      return (key: string, ...others: unknown[]) =>
        key.endsWith(`part-0000${part}.chunks`)
          ? Promise.reject(new Error('no room'))
          : value.call(target, key, ...others)
    },
  })

test('a try of a stage that is cancelled is counted as CANCELLED, and a bug as INTERNAL', async () => {
  const { meter, recorded } = recordingMeter()
  const metrics = new StageMetrics(meter)
  const fail = async (error: Error, isCancelled = false) => {
    const environment = new MockActivityEnvironment({ activityType: 'extractText' })
    const next = async () => {
      if (isCancelled) environment.cancel()
      throw error
    }
    await assert.rejects(environment.run(() => metrics.execute({ args: [], headers: {} }, next)))
  }
  await fail(new DOMException('The operation was aborted', 'AbortError'))
  await fail(new Error('killed'), true)
  await fail(new TypeError('a bug'))
  assert.deepEqual(
    recorded.expertsmith_stage_duration?.map(({ outcome }) => outcome),
    ['CANCELLED', 'CANCELLED', 'INTERNAL'],
  )
})
