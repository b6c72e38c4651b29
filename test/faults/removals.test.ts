import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { checkHistories } from '../support/check-histories.ts'
import { FILES, isOfSecondPart, READABLE_FILES, SHORT } from '../support/harbour-log.ts'
import { Ingestion } from '../support/ingestion.ts'
import { Production } from '../support/production.ts'
import { REMOVAL_HOLDS } from '../support/removal-holds.ts'
import type { Remains } from '../support/removals.ts'
import { RETRY_WINDOW, Removals } from '../support/removals.ts'
import { eventually } from '../support/requests.ts'

/** The text, its embedding's only part, and the manifest of that. */
const ARTEFACTS = 3
const USED = { isFound: true, hasObject: true, artefacts: ARTEFACTS }
const UNUSED = { isFound: true, hasObject: true, artefacts: 0 }
const GONE = { isFound: false, hasObject: false, artefacts: 0 }

/** What the removals tell and leave, whatever happens while they go on. */
const REMAINS: Remains = {
  receipts: {
    removeFiles: { files_removed: 3, vectors_deleted: 2 * SHORT, vectors_left: 0, artefacts_deleted: ARTEFACTS },
    deleteExpert: { files_removed: 3, vectors_deleted: 2 * SHORT, vectors_left: 0, artefacts_deleted: ARTEFACTS },
    deleteFile: { experts_left: ['bereft', 'keeper'], objects_deleted: 1 },
  },
  experts: {
    trimmed: { status: 'ready', files: ['buoys.txt'], vectors: { 'buoys.txt': SHORT } },
    deleted: { status: '404', files: [], vectors: {} },
    bereft: { status: 'ready', files: ['lights.txt'], vectors: { 'lights.txt': SHORT } },
    keeper: { status: 'ready', files: ['charts.md', 'stars.md'], vectors: { 'charts.md': SHORT, 'stars.md': SHORT } },
  },
  files: {
    'buoys.txt': USED,
    'tides.txt': UNUSED,
    'locked.pdf': UNUSED,
    'charts.txt': USED,
    'winds.txt': UNUSED,
    'stars.txt': USED,
    'lights.txt': USED,
    'wreck.txt': GONE,
    'charts.md': USED,
    'stars.md': USED,
  },
}
/** Of four experts, two of which run once more; three removals of files; two deletions. */
const RUNS = 11

/** Many processes are started at the same time, perhaps on a machine that does other things too. */
const PATIENT = { timeout: 600_000 }

/** They wait for time limits most of the time, so they do it together. */
describe('removals', { concurrency: true }, () => {
  const productions: Production[] = []

  /** A production of one's own, since a worker takes any work of its queue. */
  async function start() {
    const production = await Production.start()
    productions.push(production)
    return { production, worker: await production.startWorker({ RETRY_WINDOW }) }
  }

  after(() => Promise.all(productions.map((production) => production.close())))

  test('take what nobody else uses, and tell how much that was', PATIENT, async () => {
    const { production } = await start()
    const removals = await Removals.prepare(production)
    await removals.start()
    assert.deepEqual(await removals.remains(), REMAINS)
    await checkHistories(production, RUNS)
  })

  for (const [when, hold] of Object.entries(REMOVAL_HOLDS))
    test(`take and tell the same where the worker is killed when ${when}`, PATIENT, async () => {
      const { production, worker } = await start()
      const removals = await Removals.prepare(production)
      const held = hold(production, removals)
      await removals.start()
      try {
        await held.reached()
        await worker.kill()
      } finally {
        await held.release()
      }

      await production.startWorker()
      assert.deepEqual(await removals.remains(), REMAINS)
      await checkHistories(production, RUNS, { orMore: true })
    })

  test('leave nothing of a file that is being embedded or stored when the worker is killed', PATIENT, async () => {
    const { production, worker } = await start()
    const stored = await Ingestion.prepare(production)
    const storing = production.pinecone.server.hold(isOfSecondPart)
    await stored.start()
    await storing.arrival
    const embedded = await Ingestion.prepare(production)
    const embedding = production.openai.server.hold(isOfSecondPart)
    await embedded.start()
    await embedding.arrival

    const [first, second] = await Promise.all([
      deleteLongFile(production, stored),
      deleteLongFile(production, embedded),
    ])
    await worker.kill()
    storing.open()
    embedding.open()

    await production.startWorker()
    await assertNothingLeft(production, stored, first)
    await assertNothingLeft(production, embedded, second)
    await checkHistories(production, 6, { orMore: true })
  })
})

/** Resolves once the expert's run knows. @returns the id of the workflow that deletes it */
async function deleteLongFile({ api, world }: Production, run: Ingestion): Promise<string> {
  const { status, body } = await api.send('DELETE', `/knowledge-base/files/${run.long.id}?cascade=true`)
  assert.equal(status, 202, JSON.stringify(body))
  await eventually(async () => {
    assert.equal((await run.longFile())?.status, 'removing')
    const { raw } = await world.client.workflow.getHandle(run.workflowId).describe()
    assert.ok(!raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'markRemoving'))
  })
  return String(body.workflow_id)
}

async function assertNothingLeft({ api, world, pinecone }: Production, run: Ingestion, deletion: string) {
  const { long, expertId } = run
  const receipt = await world.client.workflow.getHandle(deletion).result()
  assert.deepEqual(receipt, { file_id: long.id, experts_left: [expertId], objects_deleted: 1 })
  const { progress, summary } = await api.until(expertId, 'partially_ready')
  assert.deepEqual(progress, { files: FILES - 1, indexed: READABLE_FILES - 1, failed: 1, pending: 0 })
  assert.equal((await api.send('GET', `/knowledge-base/files/${long.id}`)).status, 404)
  assert.equal(await world.objects.size(long.s3_key), undefined)
  assert.deepEqual(await Array.fromAsync(world.objects.list(`derived/${long.sha256}/`)), [])
  const vectors = pinecone.vectors(`${expertId}.1`)
  assert.ok(!vectors.some(({ id }) => id.startsWith(long.id)))
  assert.equal(vectors.length, summary?.totals.chunks)
}
