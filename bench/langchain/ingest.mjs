/**
 * The job of `npm run bench:ingest` as users of LangChain.js write it, in a process of its own: load, split, embed and store, five
 * files at a time. Is told by a message what to do, answers with what it did, and reads nothing else.
 */
import { extname } from 'node:path'
import { TextLoader } from '@langchain/classic/document_loaders/fs/text'
import { PDFLoader } from '@langchain/community/document_loaders/fs/pdf'
import { OpenAIEmbeddings } from '@langchain/openai'
import { PineconeStore } from '@langchain/pinecone'
import { RecursiveCharacterTextSplitter } from '@langchain/textsplitters'
import { Pinecone } from '@pinecone-database/pinecone'
import pLimit from 'p-limit'

const FILES_AT_A_TIME = 5

/** About the product's 400 tokens with 80 shared, at four characters a token: LangChain.js counts characters unless told otherwise. */
const SPLITTER = { chunkSize: 1_600, chunkOverlap: 320 }

process.once('message', async ({ paths, openai, pinecone }) => {
  const store = await openStore(openai, pinecone)
  const limit = pLimit(FILES_AT_A_TIME)
  const results = await Promise.allSettled(paths.map((path) => limit(() => ingest(path, store))))
  process.send(summarize(results), () => process.disconnect())
})
process.send('ready')

async function openStore({ apiKey, baseUrl, model }, { apiKey: pineconeKey, controllerHost, index }) {
  const embeddings = new OpenAIEmbeddings({ apiKey, model, configuration: { baseURL: baseUrl } })
  const client = new Pinecone({ apiKey: pineconeKey, controllerHostUrl: controllerHost })
  return PineconeStore.fromExistingIndex(embeddings, { pineconeIndex: client.Index(index), maxConcurrency: 5 })
}

async function ingest(path, store) {
  const loader = extname(path) === '.pdf' ? new PDFLoader(path) : new TextLoader(path)
  const documents = await loader.load()
  const chunks = await new RecursiveCharacterTextSplitter(SPLITTER).splitDocuments(documents)
  await store.addDocuments(chunks)
  return { pages: documents[0]?.metadata.pdf?.totalPages ?? 1, chunks: chunks.length }
}

function summarize(results) {
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
  return {
    files: done.length,
    pages: done.reduce((sum, { pages }) => sum + pages, 0),
    chunks: done.reduce((sum, { chunks }) => sum + chunks, 0),
    errors: errors.map((error) => error.slice(0, 200)),
  }
}
