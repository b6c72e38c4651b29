import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Client, Connection } from '@temporalio/client'
import { untilReady } from '../../stack/until-ready.ts'
import { DEVELOPERS_SERVICES } from '../support/developers-services.ts'
import { freePort } from '../support/free-port.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { processEnvironment } from '../support/process-environment.ts'
import type { ExpertJson, FileJson } from '../support/requests.ts'
import { eventually } from '../support/requests.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('npm start', () => {
  let dir: string
  let env: Record<string, string>
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  const started: Stack[] = []

  class Stack {
    readonly process: ChildProcess
    output = ''

    constructor(changes: Record<string, string> = {}) {
      this.process = spawn(process.execPath, ['stack/main.ts'], {
        cwd: ROOT,
        env: processEnvironment({ ...env, ...changes }),
      })
      for (const stream of [this.process.stdout, this.process.stderr])
        stream?.on('data', (chunk) => {
          this.output += chunk
        })
      started.push(this)
    }

    async says(text: RegExp) {
      const hasSaid = async () => assert.match(this.output, text)
      await Promise.race([eventually(hasSaid), once(this.process, 'close').then(hasSaid)])
    }

    async exitCode(): Promise<number | null> {
      if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
      return this.process.exitCode
    }
  }

  before(async () => {
    Object.assign(process.env, DEVELOPERS_SERVICES)
    openai = await startOpenAiServer()
    dir = await mkdtemp(join(tmpdir(), 'expertsmith-stack-'))
    await chmod(dir, 0o755)
    const ports = await Promise.all(
      ['PORT', 'STACK_POSTGRES_PORT', 'STACK_TEMPORAL_PORT', 'STACK_TEMPORAL_UI_PORT'].map(async (name) => [
        name,
        String(await freePort()),
      ]),
    )
    env = {
      ...Object.fromEntries(ports),
      DATA_DIR: join(dir, 'data'),
      LOG_FORMAT: 'json',
      EMBEDDINGS: 'openai',
      OPENAI_API_KEY: openai.apiKey,
      OPENAI_BASE_URL: openai.baseUrl,
    }
  })
  after(async () => {
    for (const { process } of started) process.kill('SIGKILL')
    await openai.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  })

  test('keeps everything across a Ctrl-C, and across a SIGKILL of itself', async () => {
    const api = `http://127.0.0.1:${env.PORT}`
    const first = new Stack()
    await first.says(/Expertsmith is ready[\s\S]*Temporal Web UI[\s\S]*npm run demo/)
    const fileId = await upload(api)
    const { workflow_id } = await isReady(api, await createExpert(api, fileId))
    const gate = openai.server.hold(() => true)
    const unfinished = await createExpert(api, await upload(api))
    await gate.arrival

    const second = new Stack()
    assert.equal(await second.exitCode(), 1)
    assert.match(second.output, /already runs on .+ \(process \d+, http:/)

    pressCtrlC(first)
    assert.equal(await first.exitCode(), 0, first.output)
    assert.match(first.output, /"Worker stopped"/, 'it has handed over what it could not finish')
    await assert.rejects(fetch(`${api}/healthz`))

    gate.open()
    const third = new Stack()
    await third.says(/Expertsmith is ready/)
    assert.equal((await fetch(`${api}/knowledge-base/files/${fileId}/content`)).status, 200)
    await workflowIsKnown(workflow_id)
    await isReady(api, unfinished)

    third.process.kill('SIGKILL')
    await third.exitCode()
    await eventually(() => assert.rejects(fetch(`${api}/healthz`)))
    const fourth = new Stack()
    await fourth.says(/Expertsmith is ready/)
    assert.equal((await fetch(`${api}/knowledge-base/files/${fileId}`)).status, 200)

    const start = Date.now()
    pressCtrlC(fourth)
    assert.equal(await fourth.exitCode(), 0)
    assert.ok(Date.now() - start < 10_000, 'Ctrl-C takes less than 10 s')
  })

  test('says which port is taken, by what it is needed, and how to choose another', async () => {
    const port = await freePort()
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const stack = new Stack({ PORT: String(port), DATA_DIR: join(dir, 'other') })
    assert.equal(await stack.exitCode(), 1)
    assert.match(stack.output, new RegExp(`Port ${port}, which the API needs, is taken.*PORT=${port + 1} npm start`))
    server.close()
  })

  test('says what is wrong with the configuration, without a stack trace', async () => {
    const stack = new Stack({ PORT: 'http', DATA_DIR: join(dir, 'other') })
    assert.equal(await stack.exitCode(), 1)
    assert.match(stack.output, /PORT=http is not a whole number/)
    assert.doesNotMatch(stack.output, /at .+\.ts:\d+/)
  })

  async function workflowIsKnown(workflowId: string): Promise<void> {
    const connection = await Connection.connect({ address: `127.0.0.1:${env.STACK_TEMPORAL_PORT}` })
    const { status } = await new Client({ connection }).workflow.getHandle(workflowId).describe()
    assert.equal(status.name, 'COMPLETED')
    const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' })
    assert.equal(Number(config?.workflowExecutionRetentionTtl?.seconds), 7 * 86_400, 'as long as RETRY_WINDOW')
    await connection.close()
  }
})

/** npm passes on what the terminal has sent to everybody already. */
function pressCtrlC({ process }: { process: ChildProcess }): void {
  process.kill('SIGINT')
  process.kill('SIGINT')
}

/** Each time another one. */
async function upload(api: string): Promise<string> {
  const form = new FormData()
  form.append('file', new Blob([`kept across restarts, ${randomUUID()}`]), 'kept.txt')
  const response = await fetch(`${api}/knowledge-base/upload`, { method: 'POST', body: form })
  return ((await response.json()) as FileJson).id
}

async function createExpert(api: string, fileId: string): Promise<ExpertJson> {
  const response = await fetch(`${api}/experts/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Kept', system_prompt: '', selected_files: [fileId] }),
  })
  return (await response.json()) as ExpertJson
}

const isReady = (api: string, { id }: ExpertJson): Promise<ExpertJson> =>
  eventually(async () => {
    const expert = (await (await fetch(`${api}/experts/${id}`)).json()) as ExpertJson
    assert.equal(expert.status, 'ready')
    return expert
  })

test('npm start waits for Postgres, Temporal and a worker, though the API is ready without the last two', async (t) => {
  const fine = ['postgres', 'temporal', 'workers'].map((name) => ({ name, status: 'ok', detail: 'answers' }))
  const stored = { name: 'object store', status: 'failed' }
  const checks = [[], [...fine.slice(0, 2), { name: 'workers', status: 'failed' }, stored], [...fine, stored]]
  // Something else answers at first.
  const answers = ['<html>502 Bad Gateway</html>', ...checks.map((each) => JSON.stringify({ checks: each }))]
  const server = createHttpServer((_, response) => response.end(answers.shift()))
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  assert.deepEqual(await untilReady({ ownUrl: `http://127.0.0.1:${port}`, key: undefined }), [
    ...fine.map(({ name }) => [name, 'answers']),
    ['object store', '⚠️ does not work; set API_KEY to be told why'],
  ])
  assert.deepEqual(answers, [])
})
