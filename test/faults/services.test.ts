import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { checkHistories } from '../support/check-histories.ts'
import { assertUnharmed } from '../support/fault-report.ts'
import { isOfSecondPart } from '../support/harbour-log.ts'
import type { Outcome } from '../support/ingestion.ts'
import { Ingestion } from '../support/ingestion.ts'
import { Production } from '../support/production.ts'
import { alter, breakOff } from '../support/wire-server.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

type Fault = {
  /** How many requests it hits. */
  readonly times: number
  inject(production: Production, run: Ingestion): unknown
}
type Vector = { embedding: string }

const floats = (values: readonly number[]) => Buffer.from(Float32Array.from(values).buffer).toString('base64')

/** Changes the vectors in an answer of OpenAI's. */
const withVectors = (change: (vectors: Vector[]) => Vector[]) =>
  alter((answer) => ({ ...answer, data: change(answer.data as Vector[]) }))

const answeredBy = (effect: ReturnType<typeof alter>): Fault => ({
  times: 1,
  inject: ({ openai }) => openai.server.interfere({ times: 1, when: isOfSecondPart, effect }),
})

const refusedBy = (service: 'openai' | 'pinecone', status: number, headers = {}, body?: string): Fault => ({
  times: 2,
  inject: (production) =>
    production[service].server.failNext({
      status,
      times: 2,
      headers,
      path: service === 'openai' ? '/v1/embeddings' : '/vectors/upsert',
      ...(body !== undefined && { body }),
    }),
})

/** S3 fails for a file's original, and for what is derived from it: its text, and a part of its embedding. */
const s3Fault = (effect: 'refuse' | 'reset' | 'truncate', derived: 'GET' | 'PUT'): Fault => ({
  times: 3,
  inject: ({ s3 }, { long }) => {
    const next = (method: string, key: RegExp) =>
      s3.interfere({ times: 1, when: (request) => request.method === method && key.test(request.key), effect })
    next('GET', new RegExp(`^${long.s3_key}$`))
    next(derived, new RegExp(`^derived/${long.sha256}/text-`))
    next(derived, new RegExp(`^derived/${long.sha256}/.*/part-00001`))
  },
})

const FAULTS: Readonly<Record<string, Fault>> = {
  'S3: 503': s3Fault('refuse', 'PUT'),
  'S3: reset in a body': s3Fault('reset', 'GET'),
  'S3: truncated body': s3Fault('truncate', 'GET'),
  'OpenAI: 429, Retry-After': refusedBy('openai', 429, { 'retry-after': '1' }),
  'OpenAI: 500': refusedBy('openai', 500),
  'OpenAI: not JSON': refusedBy('openai', 200, JSON_TYPE, '<html>Bad gateway</html>'),
  'OpenAI: no data': answeredBy(alter(({ data: _, ...answer }) => answer)),
  'OpenAI: a vector less': answeredBy(withVectors((vectors) => vectors.slice(1))),
  'OpenAI: not a number': answeredBy(
    withVectors(([_, ...vectors]) => [{ embedding: floats(Array(64).fill(Number.NaN)) }, ...vectors]),
  ),
  'Pinecone: 429, Retry-After': refusedBy('pinecone', 429, { 'retry-after': '1' }),
  'Pinecone: 503': refusedBy('pinecone', 503),
  'Pinecone: half a batch': {
    times: 1,
    inject: ({ pinecone }) =>
      pinecone.server.interfere({
        times: 1,
        when: isOfSecondPart,
        effect: breakOff((body) => {
          const { vectors } = body as { vectors: unknown[] }
          vectors.splice(vectors.length / 2)
        }),
      }),
  },
}

describe('a service that fails for a while', () => {
  let production: Production
  let reference: Outcome
  let runs = 0

  const prepare = () => {
    runs += 1
    return Ingestion.prepare(production)
  }
  const struck = () => production.s3.struck + production.openai.server.struck + production.pinecone.server.struck

  before(async () => {
    production = await Production.start()
    await production.startWorker()
    const run = await prepare()
    await run.start()
    reference = await run.outcome()
    await assertUnharmed('none', reference, reference, 0)
  })
  afterEach(() => {
    production.s3.heal()
    production.openai.server.heal()
    production.pinecone.server.heal()
  })
  after(() => production.close())

  for (const [name, { times, inject }] of Object.entries(FAULTS))
    test(`leaves no trace: ${name}`, async () => {
      const run = await prepare()
      const before = struck()
      inject(production, run)
      await run.start()
      const outcome = await run.outcome()
      assert.equal(struck() - before, times, 'the fault happened')
      await assertUnharmed(name, outcome, reference, times)
    })

  test('leaves no trace: OpenAI: no answer in time', async () => {
    // Of its own: to the other faults a machine that is slow for some seconds must not be one more.
    const impatient = await Production.start()
    try {
      await impatient.startWorker({ EMBEDDING_TIMEOUT: '5s' })
      const run = await Ingestion.prepare(impatient)
      impatient.openai.server.hold(isOfSecondPart, 1)
      await run.start()
      await assertUnharmed('OpenAI: no answer in time', await run.outcome(), reference, 1)
      assert.equal(impatient.openai.server.struck, 1, 'the fault happened')
      await checkHistories(impatient, 1)
    } finally {
      await impatient.close()
    }
  })

  test('vectors of another length pause the expert, and a signal completes it after the fix', async () => {
    const run = await prepare()
    const times = 100
    production.openai.server.interfere({
      times,
      when: isOfSecondPart,
      effect: withVectors((vectors) => vectors.map((vector) => ({ ...vector, embedding: floats([1, 0, 0]) }))),
    })
    await run.start()
    const paused = await production.api.until(run.expertId, 'paused')
    assert.match(paused.status_reason ?? '', /^DIMENSION_MISMATCH: /)
    assert.equal((await run.longFile())?.status, 'pending')

    production.openai.server.heal()
    await production.world.client.workflow.getHandle(run.workflowId).signal('retryFailedFiles', {})
    await assertUnharmed('OpenAI: another length', await run.outcome(), reference, 1)
  })

  test('leaves histories that replay, without document text, key or secret', () => checkHistories(production, runs))
})
