import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { waitFor } from '../../stack/wait-for.ts'
import { freePort } from '../../test/support/free-port.ts'
import { processEnvironment } from '../../test/support/process-environment.ts'
import type { Servers } from './servers.ts'
import type { LiveHeap } from './tell-heap.ts'
import type { WireServers } from './wire-servers.ts'
import { DIMENSIONS } from './wire-servers.ts'

export type Product = {
  readonly apiUrl: string
  readonly pids: { readonly api: number; readonly worker: number }
  liveHeap(): Promise<LiveHeap>
  close(): Promise<void>
}

const TASK_QUEUE = 'expertsmith-bench'
const ROOT = join(import.meta.dirname, '../..')

/** The worker and the API as they are run, with the defaults of their configuration and their logs in files. */
export async function startProduct(servers: Servers, wire: WireServers): Promise<Product> {
  await using starting = new AsyncDisposableStack()
  const port = await freePort()
  const env = processEnvironment({ ...environment(servers, wire), PORT: String(port) })
  const worker = starting.adopt(await start('worker', env, servers.dir), stop)
  const api = starting.adopt(await start('api', env, servers.dir), stop)
  const apiUrl = `http://127.0.0.1:${port}`
  await waitFor(() => isReady(apiUrl), died(api), 'the API')
  await waitFor(() => polls(servers.temporalAddress), died(worker), 'the worker')
  const running = starting.move()
  return {
    apiUrl,
    pids: { api: api.pid ?? 0, worker: worker.pid ?? 0 },
    liveHeap: async () => {
      worker.send('heap')
      const [heap] = await once(worker, 'message')
      return heap
    },
    close: () => running.disposeAsync(),
  }
}

export const objectDir = ({ dir }: Servers) => join(dir, 'objects')

const environment = (servers: Servers, { openai, pinecone }: WireServers) => ({
  DATABASE_URL: servers.databaseUrl,
  DATA_DIR: servers.dir,
  TEMPORAL_ADDRESS: servers.temporalAddress,
  TEMPORAL_TASK_QUEUE: TASK_QUEUE,
  OBJECT_STORE: 'disk',
  OBJECT_DIR: objectDir(servers),
  VECTOR_STORE: 'pinecone',
  PINECONE_API_KEY: pinecone.apiKey,
  PINECONE_CONTROLLER_HOST: pinecone.controllerHost,
  PINECONE_INDEX: pinecone.index,
  EMBEDDINGS: 'openai',
  EMBEDDING_DIMENSIONS: String(DIMENSIONS),
  EMBEDDING_MODEL: openai.model,
  OPENAI_API_KEY: openai.apiKey,
  OPENAI_BASE_URL: openai.baseUrl,
})

async function start(name: 'api' | 'worker', env: NodeJS.ProcessEnv, dir: string): Promise<ChildProcess> {
  const log = await open(join(dir, `${name}.log`), 'a')
  const options = name === 'worker' ? ['--expose-gc', '--import', './bench/ingest/tell-heap.ts'] : []
  const child = spawn(process.execPath, [...options, `${name}/main.ts`], {
    cwd: ROOT,
    env,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  })
  await log.close()
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

const died = (child: ChildProcess) => once(child, 'exit').then(([code, signal]) => `ended with ${signal ?? code}`)

const isReady = (url: string) =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

/** Whether a worker asks for activities of the product's queue. */
async function polls(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address })
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: 'default',
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    })
    return pollers.length > 0
  } finally {
    await connection.close()
  }
}
