import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Stage } from '../../domain/failure.ts'
import { STAGES } from '../../domain/failure.ts'
import { checkHistories } from '../support/check-histories.ts'
import { assertUnharmed } from '../support/fault-report.ts'
import type { Gate } from '../support/gate.ts'
import { isOfSecondPart } from '../support/harbour-log.ts'
import type { Outcome } from '../support/ingestion.ts'
import { Ingestion } from '../support/ingestion.ts'
import { Production } from '../support/production.ts'

/** Where each stage of the long file can be held: it has begun, and cannot end. */
const HOLD: Readonly<Record<Stage, (production: Production, run: Ingestion) => Gate>> = {
  download: ({ s3 }, { long }) => s3.hold(({ method, key }) => method === 'GET' && key === long.s3_key),
  extract: ({ s3 }, { long }) =>
    s3.hold(({ method, key }) => method === 'PUT' && key.startsWith(`derived/${long.sha256}/text-`)),
  embed: ({ openai }) => openai.server.hold(isOfSecondPart),
  store: ({ pinecone }) => pinecone.server.hold(isOfSecondPart),
}

/** Many processes are started at the same time, perhaps on a machine that does other things too. */
const PATIENT = { timeout: 600_000 }

/** They wait for time limits most of the time, so they do it together. */
describe('a worker that ends in the middle of its work', () => {
  const productions: Production[] = []
  let reference: Outcome

  /** A production of one's own, since a worker takes any work of its queue. */
  async function start(workerOptions = {}) {
    const production = await Production.start()
    productions.push(production)
    const worker = await production.startWorker(workerOptions)
    const run = await Ingestion.prepare(production)
    return { production, worker, run }
  }

  /** A run whose long file is held in that stage, when all others are done. */
  async function startAndHold(stage: Stage, workerOptions = {}) {
    const { production, worker, run } = await start(workerOptions)
    const download = HOLD.download(production, run)
    const gate = stage === 'download' ? download : HOLD[stage](production, run)
    await run.start()
    await run.othersSettled()
    if (stage !== 'download') download.open()
    await gate.arrival
    assert.equal((await run.longFile())?.stage, stage)
    return { production, worker, run, gate }
  }

  before(async () => {
    const { run } = await start()
    await run.start()
    reference = await run.outcome()
  })
  after(() => Promise.all(productions.map((production) => production.close())))

  describe('loses nothing and pays for no more than one request again', { concurrency: true }, () => {
    for (const stage of STAGES)
      test(`where it is killed in the stage ${stage}`, PATIENT, async () => {
        const { production, worker, run, gate } = await startAndHold(stage)
        await worker.kill()
        gate.open()

        await production.startWorker()
        await assertUnharmed(`worker SIGKILL: ${stage}`, await run.outcome(), reference, 1)
      })

    test('where it is killed while it embeds all of its files', PATIENT, async () => {
      const { production, worker, run } = await start()
      const gate = production.openai.server.hold(() => true)
      await run.start()
      await gate.arrival
      await run.allIn('embed')
      await worker.kill()
      gate.open()

      await production.startWorker()
      await assertUnharmed('worker SIGKILL: embed, all files', await run.outcome(), reference, 1)
      const { cost, summary } = await production.api.expert(run.expertId)
      const paid = summary?.totals.tokens_embedded ?? 0
      assert.ok(cost.tokens_embedded >= paid && cost.tokens_embedded <= production.tokensBilled, JSON.stringify(cost))
    })

    test('where it is asked to end: it does so within its grace time and hands the rest over', PATIENT, async () => {
      const { production, worker, run, gate } = await startAndHold('store')
      await production.startWorker()
      await worker.terminate()
      assert.equal(await worker.exitCode(), 0)
      gate.open()
      await assertUnharmed('worker SIGTERM', await run.outcome(), reference, 0)
    })

    test('where it takes the file that it has downloaded with it: another one extracts it', PATIENT, async () => {
      const { production, worker, run, gate } = await startAndHold('download', { SHUTDOWN_GRACE: '60s' })
      await worker.terminate()
      // It ends the download, but begins nothing more.
      gate.open()
      assert.equal(await worker.exitCode(), 0)

      await production.startWorker()
      await assertUnharmed('worker gone after download', await run.outcome(), reference, 0)
      assert.ok((await timeouts(production, run)).length > 0, 'nobody answered where the file was')
    })
  })

  test('leaves histories that replay, without document text, key or secret', async () => {
    for (const production of productions) await checkHistories(production, 1)
  })
})

/** The activities that were given up because nobody did them. */
async function timeouts({ world }: Production, { workflowId }: Ingestion) {
  const { events } = await world.client.workflow.getHandle(workflowId).fetchHistory()
  return (events ?? []).filter((event) => event.activityTaskTimedOutEventAttributes)
}
