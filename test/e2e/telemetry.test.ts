import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Client, Connection } from '@temporalio/client'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { ApiClient } from '../../cli/api/api-client.ts'
import { bundleWorkflows, TRACE_INTERCEPTORS } from '../../worker/create-workers.ts'
import { alerts, expressionsOfAlerts, expressionsOfDashboard, isRare, namesIn } from '../support/asked-metrics.ts'
import { exposedBy, series, toRow } from '../support/exposed-metrics.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { startObservedProduct } from '../support/observed-product.ts'
import type { ReceivedSpan } from '../support/otlp-receiver.ts'
import { traceTree } from '../support/otlp-receiver.ts'
import { replayHistories } from '../support/replay.ts'
import { eventually } from '../support/requests.ts'

const TEXT = 'The quarzwerk lighthouse hums at midnight.'
const FILE_NAME = 'confidential-quarzwerk-plan.txt'
const EXPERT_NAME = 'Quarzwerk counsel'
const PROMPT = 'You keep the secrets of the quarzwerk.'
const PRIVATE = ['quarzwerk', 'Quarzwerk']
const SEARCH = 'hums at midnight'

describe('a product that tells of itself', () => {
  let product: Awaited<ReturnType<typeof startObservedProduct>>
  let expertId: string
  let metrics: { readonly api: string; readonly worker: string }

  before(async () => {
    product = await startObservedProduct()
    const { url, adminKey } = product
    const authorization = `Bearer ${adminKey}`
    const send = (method: string, path: string, body?: object) =>
      fetch(`${url}${path}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    const upload = async (name: string, content: string) => {
      const body = new FormData()
      body.append('file', new Blob([content]), name)
      // A client that has not understood where its key belongs.
      const path = `/knowledge-base/upload?api_key=${adminKey}`
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { authorization }, body })
      return ((await answer.json()) as { id: string }).id
    }
    const created = await send('POST', '/experts', {
      ...{ name: EXPERT_NAME, system_prompt: PROMPT, voice_id: 'v' },
      selected_files: [await upload(FILE_NAME, TEXT), await upload('damaged.pdf', '%PDF-\u0001\u0002')],
    })
    expertId = ((await created.json()) as { id: string }).id
    const client = new ApiClient({ url, apiKey: adminKey })
    await eventually(async () => assert.equal((await client.experts.get(expertId)).status, 'partially_ready'))
    await send('POST', `/experts/${expertId}/retry`, {})
    await eventually(async () => assert.ok(inTraceOf('POST /experts/:id/retry').some(isFailedExtraction)))
    await send('POST', `/experts/${expertId}/search?token=${adminKey}`, { query: SEARCH })
    await fetch(`${url}/experts`, { headers: { authorization: `Bearer esk_${'x'.repeat(43)}` } })
    metrics = {
      api: await (await send('GET', '/metrics')).text(),
      worker: await (await fetch(product.workerMetrics)).text(),
    }
    // Not before the run has ended, whose span is sent then.
    await eventually(async () => assert.ok(named('RunWorkflow:CreateExpert')))
    assert.deepEqual(await Promise.all([product.api.stop(), product.worker.stop()]), [0, 0])
  })
  after(() => product.close())

  const isFailedExtraction = ({ name, failed }: ReceivedSpan) => name === 'RunActivity:extractText' && failed
  const inTraceOf = (name: string) => product.receiver.spans.filter(({ traceId }) => traceId === named(name)?.traceId)
  const named = (name: string) => product.receiver.spans.find((span) => span.name === name)

  test('has one trace from the request to the vectors', () => {
    const root = named('POST /experts')
    assert.ok(root)
    const trace = product.receiver.spans.filter(({ traceId }) => traceId === root.traceId)
    const byId = new Map(trace.map((span) => [span.spanId, span]))
    const pathOf = (span: ReceivedSpan | undefined): string[] =>
      span ? [...pathOf(byId.get(span.parentSpanId)), span.name] : []
    const to = (name: string) => pathOf(trace.find((span) => span.name === name))
    const run = ['POST /experts', 'StartWorkflow:CreateExpert', 'RunWorkflow:CreateExpert']
    assert.deepEqual(to('objects.download'), [...run, 'RunActivity:downloadFile', 'objects.download'])
    assert.deepEqual(to('extractor.extract'), [...run, 'RunActivity:extractText', 'extractor.extract'])
    assert.deepEqual(to('embedder.embed'), [...run, 'RunActivity:embedChunks', 'embedder.embed'])
    assert.deepEqual(to('vectors.upsert'), [...run, 'RunActivity:upsertVectors', 'vectors.upsert'])
    assert.equal(root.attributes['http.response.status_code'], 202)
    const activity = trace.find((span) => span.name === 'RunActivity:upsertVectors')
    assert.deepEqual(
      [activity?.service, activity?.attributes['expertsmith.expert_id'], activity?.failed],
      ['expertsmith-worker', expertId, false],
    )
    assert.equal(trace.find(isFailedExtraction)?.attributes['error.type'], 'CORRUPT')
    if (process.env.PRINT_TRACE) process.stdout.write(`${traceTree(trace).join('\n')}\n`)
  })

  test('has a trace of its own for a retry', () => {
    const names = inTraceOf('POST /experts/:id/retry').map(({ name }) => name)
    for (const name of [
      'SignalWithStartWorkflow:retryFailedFiles',
      'RunActivity:requeueFiles',
      'RunActivity:recordFailure',
    ])
      assert.ok(names.includes(name), `${name} is not in ${names.join()}`)
    assert.ok(!names.includes('RunActivity:upsertVectors'))
  })

  test('sends ids to the collector: no text, no name, no prompt, no secret', () => {
    assert.ok(product.receiver.raw.some((text) => text.includes('RunActivity:embedChunks')))
    const bodies = product.receiver.raw.filter((text) => !text.startsWith('/v1/traces {'))
    for (const hidden of [...PRIVATE, SEARCH, ...product.secrets, 'damaged.pdf'])
      assert.ok(!bodies.some((text) => text.includes(hidden)), `${hidden} was sent`)
    assert.ok(product.receiver.raw[0]?.includes('key-of-the-collector'), 'the collector gets its key')
  })

  test('logs JSON, with the ids of requests, workflows, files and traces, and no secret', () => {
    const lines = [...product.api.lines, ...product.worker.lines]
    for (const secret of [...product.secrets, `esk_${'x'.repeat(43)}`, TEXT, PROMPT, SEARCH])
      assert.ok(!lines.some((line) => line.includes(secret)), `${secret} was logged`)
    const parse = (line: string) => JSON.parse(line) as Record<string, unknown>
    const created = product.api.lines.map(parse).find(({ route, method }) => route === '/experts' && method === 'POST')
    assert.equal(created?.status, 202)
    assert.equal(typeof created.requestId, 'string')
    assert.equal(created.traceId, named('POST /experts')?.traceId)
    const stored = product.worker.lines.map(parse).find(({ msg }) => msg === '✅ Successfully processed file')
    assert.deepEqual(
      [stored?.workflowId, typeof stored?.fileId, stored?.traceId],
      [`expert-${expertId}`, 'string', created.traceId],
    )
  })

  test('exposes what docs/operations/metrics.md lists, and nothing else of its own', async () => {
    const table = await readFile(join(import.meta.dirname, '../../docs/operations/metrics.md'), 'utf8')
    const rows = table.split('\n').filter((line) => line.startsWith('| `expert'))
    const exposed = [...exposedBy(metrics.api, 'API'), ...exposedBy(metrics.worker, 'worker')]
    assert.deepEqual(rows, exposed.map(toRow).toSorted())
  })

  test('exposes every metric, and every label, that the dashboard and the alerts ask for', async () => {
    const exposed = [...exposedBy(metrics.api), ...exposedBy(metrics.worker)]
    const asked = [...(await expressionsOfAlerts()), ...(await expressionsOfDashboard())]
    assert.ok(asked.length > 40, `${asked.length} expressions`)
    for (const { name, labels, expression } of asked.flatMap(namesIn)) {
      const metric = exposed.find((each) => series(each).includes(name))
      if (!metric) assert.ok(await isRare(name), `${name} is not exposed: ${expression}`)
      for (const label of metric ? labels : [])
        assert.ok(metric?.labels.includes(label), `${name} has no label ${label}: ${expression}`)
    }
  })

  test('has a sentence for whoever is woken by an alert', async () => {
    for (const { alert, annotations } of await alerts()) {
      assert.ok(annotations.summary.length > 10, alert)
      assert.ok(annotations.runbook.length > 40, alert)
    }
  })

  test('was run by workflows that go the same way without a trace', async () => {
    const connection = await Connection.connect({ address: infrastructure().temporalAddress })
    const client = new Client({ connection })
    await eventually(async () => assert.ok((await replayHistories(client, product.taskQueue)) >= 1))
    await connection.close()
  })
})

test('runs of released versions go on in workers that trace', async () => {
  const workflowBundle = await bundleWorkflows({ workflowInterceptorModules: TRACE_INTERCEPTORS })
  const histories = join(import.meta.dirname, '../histories')
  for await (const path of glob('*/*.json', { cwd: histories })) {
    const history = historyFromJSON(JSON.parse(await readFile(join(histories, path), 'utf8')))
    await Worker.runReplayHistory({ workflowBundle }, history)
  }
})
