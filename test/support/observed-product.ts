import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase } from './database.ts'
import { freePort } from './free-port.ts'
import { infrastructure } from './infrastructure.ts'
import { OPENAI_TEST_KEY, startOpenAiServer } from './openai-server.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import { PINECONE_TEST_KEY, startPineconeServer } from './pinecone-server.ts'
import { ProductProcess } from './product-process.ts'
import { s3Environment } from './worker-process.ts'

const ADMIN_KEY = 'admin-key-of-the-observed-product-0123456789'
const OTLP_KEY = 'key-of-the-collector'

/** The product as two processes that tell all that they can of themselves, on real and on wire servers. */
export async function startObservedProduct() {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-observed-'))
  const receiver = new OtlpReceiver()
  const [database, openai, pinecone, otlp, port, metricsPort] = await Promise.all([
    createDatabase(),
    startOpenAiServer(),
    startPineconeServer({ describesUntilReady: 0 }),
    receiver.listen(),
    freePort(),
    freePort(),
  ])
  const taskQueue = `test-${randomUUID()}`
  const [url, workerMetrics] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${metricsPort}/metrics`]
  const env = {
    ...s3Environment(infrastructure().s3.endpoint ?? ''),
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: infrastructure().temporalAddress,
    TEMPORAL_TASK_QUEUE: taskQueue,
    ...{ EMBEDDINGS: 'openai', OPENAI_API_KEY: OPENAI_TEST_KEY, OPENAI_BASE_URL: openai.baseUrl },
    EMBEDDING_DIMENSIONS: '64',
    ...{ VECTOR_STORE: 'pinecone', PINECONE_API_KEY: PINECONE_TEST_KEY, PINECONE_CONTROLLER_HOST: pinecone.url },
    ...{ DATA_DIR: dir, PORT: String(port), ADMIN_API_KEY: ADMIN_KEY, RETRY_WINDOW: '1s', HOUSEKEEPING_EVERY: 'off' },
    METRICS_ADDRESS: `127.0.0.1:${metricsPort}`,
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: otlp, OTEL_EXPORTER_OTLP_HEADERS: `api-key=${OTLP_KEY}` },
    OTEL_BSP_SCHEDULE_DELAY: '100',
  }
  const [api, worker] = await Promise.all([
    ProductProcess.start('api', env, 'Server listening'),
    ProductProcess.start('worker', env, 'Worker started'),
  ])
  const close = async () => {
    await Promise.all([receiver.close(), openai.close(), pinecone.close(), database.close()])
    await rm(dir, { recursive: true, force: true })
  }
  const secrets = [ADMIN_KEY, OTLP_KEY, OPENAI_TEST_KEY, PINECONE_TEST_KEY, infrastructure().s3.secretKey]
  return { api, worker, url, workerMetrics, receiver, taskQueue, adminKey: ADMIN_KEY, secrets, close }
}
