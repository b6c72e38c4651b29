/**
 * `npm run histories`: records a history of every shape that a workflow can take, for the version in `package.json`.
 * Run it with a release, once: histories are never recorded again to make a test pass.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { findTemporalCli } from '../../stack/temporal-cli.ts'
import type { TemporalServer } from '../../stack/temporal-server.ts'
import { startTemporalServer } from '../../stack/temporal-server.ts'
import {
  createExpertId,
  DELIVER_WEBHOOK,
  DROP_CONTENT_COLUMN,
  HOUSEKEEPING,
  MIGRATE_CONTENT,
  reindexExpertId,
} from '../../workflows/contract.ts'
import { freePort } from './free-port.ts'
import { legacyFile, takeOver } from './legacy-files.ts'
import { startOpenAiServer } from './openai-server.ts'
import { eventually, Requests } from './requests.ts'
import { startWebhookReceiver } from './webhook-receiver.ts'
import type { World } from './world.ts'
import { startWorld } from './world.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Old vectors stay for a minute after a switch. */
const SEARCHES_END_WITHIN_MS = 60_000
/** So few that a run of a hundred files continues as new. */
const EVENTS_BEFORE_CONTINUING = 400

describe('histories', () => {
  let dir: string
  let temporal: TemporalServer
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let world: World
  let api: Requests

  before(async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    dir = join(ROOT, 'test/histories', version)
    await mkdir(dir, { recursive: true })
    const cli = await findTemporalCli({ explicit: process.env.TEMPORAL_CLI, onProgress: () => undefined })
    temporal = await startTemporalServer({
      cli,
      dir: await mkdtemp(join(tmpdir(), 'expertsmith-histories-')),
      port: await freePort(),
      dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': EVENTS_BEFORE_CONTINUING },
    })
    openai = await startOpenAiServer()
    const { apiKey, baseUrl } = openai
    world = await startWorld({
      database: await takeOver([
        legacyFile('one.txt', 'Kept in the database.'),
        legacyFile('two.txt', 'Kept there too.'),
      ]),
      temporalAddress: temporal.address,
      webhookAllowedHosts: ['127.0.0.1'],
      embedder: { kind: 'openai', apiKey, baseUrl, model: 'text-embedding-3-small', dimensions: 32 },
    })
    api = new Requests(world.app)
  })
  after(async () => {
    await world.close()
    await openai.close()
    await temporal.stop()
  })

  const record = async (name: string, workflowId: string, runId?: string) => {
    const history = await world.client.workflow.getHandle(workflowId, runId).fetchHistory()
    await writeFile(
      join(dir, `${name}.json`),
      `${JSON.stringify(withoutMachine(JSON.parse(historyToJSON(history))))}\n`,
    )
  }
  const execute = async (type: string, workflowId: string, ...args: object[]) => {
    await world.client.workflow.execute(type, { taskQueue: world.taskQueue, workflowId, args })
    await record(workflowId, workflowId)
  }
  const good = (name = 'good') => api.upload(`${name}.txt`, `A good file, called ${name}.`)
  const bad = () => api.upload('bad.pdf', '%PDF-1.7 bad')

  test('a file that fails, is replaced and retried; others that are added and removed', async () => {
    const [file, failing] = [await good(), await bad()]
    const { id, workflow_id } = await api.createExpert([file, failing])
    await api.until(id, 'partially_ready')
    await api.send('POST', `/experts/${id}/files`, { file_ids: [(await good('added')).id] })
    await eventually(async () => assert.equal((await api.until(id, 'partially_ready')).progress.indexed, 2))
    const { body } = await api.send('DELETE', `/experts/${id}/files/${file.id}`)
    await eventually(async () => assert.equal((await api.until(id, 'partially_ready')).progress.files, 2))
    await record('remove-files', String(body.workflow_id))
    await api.sendFile('PUT', `/knowledge-base/files/${failing.id}/content`, 'mended.txt', 'Mended.')
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    await record('create-expert-retried-added-removed', workflow_id)
    await api.send('DELETE', `/experts/${id}`)
    await eventually(async () => assert.equal((await api.send('GET', `/experts/${id}`)).status, 404))
    await record('delete-expert', `delete-expert-${id}`)
  })

  test('a pause, and a cancellation', async () => {
    openai.server.failNext({ status: 401, times: 1_000 })
    const { id, workflow_id } = await api.createExpert([await good('paused')])
    await api.until(id, 'paused')
    openai.server.heal()
    await api.send('POST', `/experts/${id}/retry`)
    await api.until(id, 'ready')
    await record('create-expert-paused', workflow_id)

    openai.server.failNext({ status: 503, times: 1_000 })
    const requests = openai.server.count('/v1/embeddings')
    const cancelled = await api.createExpert([await good('cancelled')])
    await eventually(async () => assert.ok(openai.server.count('/v1/embeddings') > requests))
    await api.send('POST', `/experts/${cancelled.id}/cancel`)
    await api.until(cancelled.id, 'cancelled')
    openai.server.heal()
    await record('create-expert-cancelled', cancelled.workflow_id)
  })

  test('a run that continues as new', async () => {
    const files = await Promise.all(Array.from({ length: 60 }, (_, i) => good(`many-${i}`)))
    const { id } = await api.createExpert(files)
    await api.until(id, 'ready')
    const runs = await eventually(async () => {
      const query = `WorkflowId = '${createExpertId(id)}'`
      const listed = await Array.fromAsync(world.client.workflow.list({ query }))
      assert.ok(listed.length > 1)
      return listed.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    })
    await record('create-expert-continued', createExpertId(id), runs[0]?.runId)
    await record('create-expert-continuing', createExpertId(id), runs[1]?.runId)
  })

  test('the deletion of a file that experts use, and housekeeping', async () => {
    const file = await good('deleted')
    const { id } = await api.createExpert([file])
    await api.until(id, 'ready')
    const { body } = await api.send('DELETE', `/knowledge-base/files/${file.id}?cascade=true`)
    await eventually(async () => assert.equal((await api.send('GET', `/knowledge-base/files/${file.id}`)).status, 404))
    await world.client.workflow.getHandle(String(body.workflow_id)).result()
    await record('delete-file', String(body.workflow_id))

    await execute(HOUSEKEEPING, 'housekeeping', { dryRun: false })
  })

  test('a pass that is told, at the second try', async (t) => {
    const receiver = await startWebhookReceiver()
    t.after(() => receiver.close())
    receiver.answerNext('/', 503)
    const selected_files = [(await good('told')).id]
    const draft = { name: 'Told', system_prompt: '', selected_files, callback_url: `${receiver.url}/` }
    const { workflow_id } = (await api.send('POST', '/experts', draft)).body
    await eventually(async () => assert.equal(receiver.at('/').length, 2))
    await record('create-expert-told', String(workflow_id))
    const [delivery] = await eventually(async () => {
      const query = `WorkflowType = '${DELIVER_WEBHOOK}' and ExecutionStatus = 'Completed'`
      const listed = await Array.fromAsync(world.client.workflow.list({ query }))
      assert.equal(listed.length, 1)
      return listed
    })
    await record('deliver-webhook', String(delivery?.workflowId))
  })

  test('re-indexes: one that pauses and is rolled back, one that is cancelled, one that continues as new and ends', async () => {
    const files = await Promise.all(Array.from({ length: 60 }, (_, i) => good(`reindexed-${i}`)))
    const [few, many] = [await api.createExpert(files.slice(0, 2)), await api.createExpert(files)]
    for (const { id } of [few, many]) await api.until(id, 'ready')
    const ask = (id: string, action = '', body?: object) => api.send('POST', `/experts/${id}/reindex${action}`, body)
    const until = (id: string, status: string) =>
      eventually(
        async () => assert.equal((await api.send('GET', `/experts/${id}/reindex`)).body.status, status),
        SEARCHES_END_WITHIN_MS + 60_000,
      )
    const finish = async (id: string, action: string, end: string) => {
      await world.database.pool.query(
        `update expert_builds set switched_at = now() - interval '2 minutes' where expert_id = $1`,
        [id],
      )
      await ask(id, action)
      await until(id, end)
    }

    openai.server.failNext({ status: 401, times: 1 })
    await ask(few.id, '', { chunk_tokens: 40 })
    await until(few.id, 'paused')
    await ask(few.id, '/resume')
    await until(few.id, 'switched')
    await ask(few.id, '/rollback')
    await until(few.id, 'cleaning')
    await until(few.id, 'rolled_back')
    await record('reindex-expert-paused-rolled-back', reindexExpertId({ expertId: few.id, generation: 2 }))

    openai.server.failNext({ status: 503, times: 1_000 })
    await ask(few.id, '', { chunk_tokens: 50 })
    await until(few.id, 'building')
    await ask(few.id, '/cancel')
    await until(few.id, 'cancelled')
    openai.server.heal()
    await record('reindex-expert-cancelled', reindexExpertId({ expertId: few.id, generation: 3 }))

    await ask(many.id, '', { chunk_tokens: 40 })
    await until(many.id, 'switched')
    await finish(many.id, '/finish', 'done')
    const workflowId = reindexExpertId({ expertId: many.id, generation: 2 })
    const query = `WorkflowId = '${workflowId}'`
    const runs = await eventually(async () => {
      const listed = await Array.fromAsync(world.client.workflow.list({ query }))
      assert.ok(listed.length > 1)
      return listed.toSorted((a, b) => a.startTime.getTime() - b.startTime.getTime())
    })
    await record('reindex-expert-continued', workflowId, runs[0]?.runId)
    await record('reindex-expert-continuing', workflowId, runs[1]?.runId)
  })

  test('contents that leave the database', async () => {
    await execute(MIGRATE_CONTENT, 'migrate-content', {})
    await execute(DROP_CONTENT_COLUMN, 'drop-content-column')
  })
})

/** Names of this machine's processes and paths of its files are nobody's business, and no part of a replay. */
function withoutMachine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMachine)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([key]) => key !== 'identity' && key !== 'stackTrace')
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutMachine(inner)]))
}
