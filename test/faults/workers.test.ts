import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Stage } from '../../domain/failure.ts'
import { assertUnharmed } from '../support/fault-report.ts'
import type { Gate } from '../support/gate.ts'
import { FILES, MARKER, SECOND_PART } from '../support/harbour-log.ts'
import type { Outcome } from '../support/ingestion.ts'
import { Ingestion } from '../support/ingestion.ts'
import { assertPrivate } from '../support/private-histories.ts'
import { Production } from '../support/production.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually } from '../support/requests.ts'

const isSecondPart = ({ body }: { body: unknown }) => JSON.stringify(body ?? '').includes(SECOND_PART)

/** Where each stage of the long file can be held: it has begun, and cannot end. */
const HOLD: Readonly<Record<Stage, (production: Production, run: Ingestion) => Gate>> = {
  download: ({ s3 }, { long }) => s3.hold(({ method, key }) => method === 'GET' && key === long.s3_key),
  extract: ({ s3 }, { long }) =>
    s3.hold(({ method, key }) => method === 'PUT' && key.startsWith(`derived/${long.sha256}/text-`)),
  embed: ({ openai }) => openai.server.hold(isSecondPart),
  store: ({ pinecone }) => pinecone.server.hold(isSecondPart),
}

/** They wait for time limits most of the time, so they do it together. */
describe('a worker that ends in the middle of its work', () => {
  const productions: Production[] = []
  let reference: Outcome

  /** A production of one's own, since a worker takes any work of its queue. */
  async function startRun(hold: (typeof HOLD)[Stage]) {
    const production = await Production.start()
    productions.push(production)
    const worker = await production.startWorker()
    const run = await Ingestion.prepare(production)
    const gate = hold(production, run)
    await run.start()
    await gate.arrival
    return { production, worker, run, gate }
  }

  before(async () => {
    const production = await Production.start()
    productions.push(production)
    await production.startWorker()
    const run = await Ingestion.prepare(production)
    await run.start()
    reference = await run.outcome()
  })
  after(() => Promise.all(productions.map((production) => production.close())))

  describe('loses nothing and pays for no more than one request again', { concurrency: true }, () => {
    for (const [stage, hold] of Object.entries(HOLD))
      test(`where it is killed in the stage ${stage}`, async () => {
        const { production, worker, run, gate } = await startRun(hold)
        if (stage !== 'embed') await run.othersSettled()
        assert.equal((await stages(run)).get(run.long.id), stage)
        await worker.kill()
        gate.open()

        await production.startWorker()
        await assertUnharmed(`worker SIGKILL: ${stage}`, await run.outcome(), reference, 1)
      })

    test('where it is killed while it embeds all of its files', async () => {
      const { production, worker, run, gate } = await startRun(({ openai }) =>
        openai.server.hold(({ path }) => path.startsWith('/v1/embeddings'), Number.POSITIVE_INFINITY),
      )
      await eventually(async () => {
        const embedding = [...(await stages(run)).values()].filter((stage) => stage === 'embed')
        assert.equal(embedding.length, FILES - 1)
      })
      await worker.kill()
      production.openai.server.heal()
      gate.open()

      await production.startWorker()
      await assertUnharmed('worker SIGKILL: embed, all files', await run.outcome(), reference, 1)
    })

    test('where it is asked to end: it does so within its grace time and hands the rest over', async () => {
      const { production, worker, run } = await startRun(HOLD.store)
      await production.startWorker()
      worker.terminate()
      assert.equal(await worker.exitCode(), 0)
      await assertUnharmed('worker SIGTERM', await run.outcome(), reference, 0)
    })

    test('where it takes the file that it has downloaded with it: another one extracts it', async () => {
      const { production, worker, run, gate } = await startRun(HOLD.download)
      await production.startWorker()
      await run.othersSettled()
      // It ends the download, but begins nothing more.
      worker.terminate()
      gate.open()
      assert.equal(await worker.exitCode(), 0)
      assert.equal((await stages(run)).get(run.long.id), 'download')
      await assertUnharmed('worker gone after download', await run.outcome(), reference, 0)
    })
  })

  test('leaves histories that replay, without document text, key or secret', async () => {
    for (const { world, secrets } of productions) {
      const { client, taskQueue } = world
      await eventually(async () => assert.equal(await assertPrivate(client, taskQueue, [MARKER, ...secrets]), 1))
      assert.equal(await replayHistories(client, taskQueue), 1)
    }
  })
})

/** File id → the stage that it is in. */
const stages = async (run: Ingestion) =>
  new Map((await run.files()).map(({ file_id, stage }): [string, string | null] => [file_id, stage]))
