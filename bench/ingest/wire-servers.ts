import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Pinecone } from '@pinecone-database/pinecone'

export type WireServers = {
  readonly pid: number
  readonly openai: { readonly baseUrl: string; readonly apiKey: string; readonly model: string }
  readonly pinecone: { readonly controllerHost: string; readonly apiKey: string; readonly index: string }
  countVectors(namespace: string): Promise<number>
  close(): Promise<void>
}

const MODEL = 'text-embedding-3-small'
/** That model's vectors as they are. */
export const DIMENSIONS = 1_536
const INDEX = 'bench'

/** OpenAI and Pinecone for one measurement, with an empty index. */
export async function startWireServers(): Promise<WireServers> {
  const child = fork(join(import.meta.dirname, 'wire-process.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [{ openai, pinecone }] = await once(child, 'message')
  await createIndex(pinecone)
  return {
    pid: child.pid ?? 0,
    openai: { ...openai, model: MODEL },
    pinecone: { ...pinecone, index: INDEX },
    countVectors: async (namespace) => {
      child.send(namespace)
      const [count] = await once(child, 'message')
      return count
    },
    close: async () => {
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function createIndex({ controllerHost, apiKey }: { controllerHost: string; apiKey: string }): Promise<void> {
  const client = new Pinecone({ apiKey, controllerHostUrl: controllerHost })
  await client.indexes.create({
    name: INDEX,
    schema: { fields: { _values: { type: 'dense_vector', dimension: DIMENSIONS, metric: 'cosine' } } },
    deployment: { deploymentType: 'managed', cloud: 'aws', region: 'us-east-1' },
  })
}
