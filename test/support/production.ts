import { countTokens } from '../../adapters/tokenizer.ts'
import type { TestDatabase } from './database.ts'
import { infrastructure } from './infrastructure.ts'
import { OPENAI_TEST_KEY, startOpenAiServer } from './openai-server.ts'
import { PINECONE_TEST_KEY, startPineconeServer } from './pinecone-server.ts'
import { Requests } from './requests.ts'
import { S3Proxy } from './s3-proxy.ts'
import { s3Environment, WorkerProcess, workerEnvironment } from './worker-process.ts'
import type { World } from './world.ts'
import { startWorld } from './world.ts'

const MODEL = { model: 'text-embedding-3-small', dimensions: 64 }
const INDEX = { index: 'experts', cloud: 'aws', region: 'us-east-1' }

const SETTINGS = {
  EMBEDDINGS: 'openai',
  OPENAI_API_KEY: OPENAI_TEST_KEY,
  EMBEDDING_MODEL: MODEL.model,
  VECTOR_STORE: 'pinecone',
  PINECONE_API_KEY: PINECONE_TEST_KEY,
  PINECONE_INDEX: INDEX.index,
  // Small chunks, so that a file of some pages has several parts.
  CHUNK_TOKENS: '40',
  CHUNK_OVERLAP_TOKENS: '0',
  EXTRACTION_PROCESSES: '2',
  SHUTDOWN_GRACE: '2s',
  RETRY_WINDOW: '1s',
}

type ProductionOptions = { readonly temporalAddress?: string; readonly database?: TestDatabase }

/**
 * The product as in production: S3, Pinecone and OpenAI, each behind a server that a test can interfere with, and workers
 * that are processes of their own. The API reaches S3 directly, so that uploads are not interfered with.
 */
export class Production {
  readonly world: World
  readonly api: Requests
  readonly s3: S3Proxy
  readonly openai: Awaited<ReturnType<typeof startOpenAiServer>>
  readonly pinecone: Awaited<ReturnType<typeof startPineconeServer>>
  readonly #env: Readonly<Record<string, string>>
  readonly #workers: WorkerProcess[] = []

  private constructor(parts: Pick<Production, 'world' | 's3' | 'openai' | 'pinecone'>, env: Record<string, string>) {
    this.world = parts.world
    this.s3 = parts.s3
    this.openai = parts.openai
    this.pinecone = parts.pinecone
    this.api = new Requests(parts.world.app)
    this.#env = env
  }

  static async start(options: ProductionOptions = {}): Promise<Production> {
    const s3 = new S3Proxy(infrastructure().s3.endpoint ?? '')
    const [pinecone, openai, s3Url] = await Promise.all([
      startPineconeServer({ describesUntilReady: 0 }),
      startOpenAiServer(),
      s3.listen(),
    ])
    const world = await startWorld({
      ...options,
      workers: false,
      objects: { kind: 's3', ...infrastructure().s3 },
      embedder: { kind: 'openai', apiKey: openai.apiKey, baseUrl: openai.baseUrl, ...MODEL },
      vectors: { kind: 'pinecone', apiKey: pinecone.apiKey, controllerHost: pinecone.url, ...INDEX },
    })
    const { temporalAddress } = options
    return new Production(
      { world, s3, openai, pinecone },
      {
        ...workerEnvironment(world),
        ...(temporalAddress && { TEMPORAL_ADDRESS: temporalAddress }),
        ...s3Environment(s3Url),
        ...SETTINGS,
        OPENAI_BASE_URL: openai.baseUrl,
        PINECONE_CONTROLLER_HOST: pinecone.url,
      },
    )
  }

  async startWorker(changes: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start({ ...this.#env, ...changes })
    this.#workers.push(worker)
    return worker
  }

  /** By the embedding service, whoever got its answers. */
  get tokensBilled(): number {
    return this.openai.embedded.reduce((sum, text) => sum + countTokens(text), 0)
  }

  /** What must not be found where it does not belong. */
  get secrets(): string[] {
    return [
      OPENAI_TEST_KEY,
      PINECONE_TEST_KEY,
      infrastructure().s3.secretKey,
      new URL(this.world.database.url).password,
    ]
  }

  /** Kills the workers. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    await this.s3.close()
    await Promise.all([this.world.close(), this.openai.close(), this.pinecone.close()])
  }
}
