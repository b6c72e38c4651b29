/* OpenAI and Pinecone as a process of their own, so that what they compute is nobody's. Tells its parent where they are; ends with it. */
import { startOpenAiServer } from '../../test/support/openai-server.ts'
import { startPineconeServer } from '../../test/support/pinecone-server.ts'

/** What a request to such a service takes on its way, on a good day. */
const LATENCY_MS = 50
/** More than Pinecone takes: the peer sends 100 vectors of 1,536 numbers at once, which are 3 MB. */
const REQUEST_BYTES = 10_000_000

const [openai, pinecone] = await Promise.all([
  startOpenAiServer({ latencyMs: LATENCY_MS, forgets: true, thoughtless: true }),
  startPineconeServer({ latencyMs: LATENCY_MS, forgets: true, describesUntilReady: 0, requestBytes: REQUEST_BYTES }),
])
/** Answers how many vectors a namespace holds. */
process.on('message', (namespace: string) => process.send?.(pinecone.vectors(namespace).length))
process.once('disconnect', () => process.exit())
process.send?.({
  openai: { baseUrl: openai.baseUrl, apiKey: openai.apiKey },
  pinecone: { controllerHost: pinecone.url, apiKey: pinecone.apiKey },
})
