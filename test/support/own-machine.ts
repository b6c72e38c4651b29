import { infrastructure } from './infrastructure.ts'
import { Requests } from './requests.ts'
import { S3Proxy } from './s3-proxy.ts'
import { s3Environment, WorkerProcess, workerEnvironment } from './worker-process.ts'
import type { World } from './world.ts'
import { startWorld } from './world.ts'

type OwnMachine = {
  readonly world: World
  readonly api: Requests
  readonly s3: S3Proxy
  startWorker(): Promise<WorkerProcess>
  /** Kills the workers. */
  close(): Promise<void>
}

/** The product without any account: vectors in LanceDB, workers that are processes of their own, and objects behind a proxy that a test can interfere with. */
export async function startOwnMachine({ chunkTokens }: { readonly chunkTokens: number }): Promise<OwnMachine> {
  const s3 = new S3Proxy(infrastructure().s3.endpoint ?? '')
  const world = await startWorld({ workers: false, objects: { kind: 's3', ...infrastructure().s3 } })
  const chunks = { CHUNK_TOKENS: String(chunkTokens), CHUNK_OVERLAP_TOKENS: '0' }
  const env = { ...workerEnvironment(world), ...s3Environment(await s3.listen()), ...chunks }
  const workers: WorkerProcess[] = []
  return {
    ...{ world, api: new Requests(world.app), s3 },
    async startWorker() {
      const worker = await WorkerProcess.start(env)
      workers.push(worker)
      return worker
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.kill()))
      await s3.close()
      await world.close()
    },
  }
}
