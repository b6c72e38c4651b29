import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { corpusFiles, corpusMissing, corpusPath } from '../support/corpus.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { OPENAI_TEST_KEY, startOpenAiServer } from '../support/openai-server.ts'
import { PINECONE_TEST_KEY, startPineconeServer } from '../support/pinecone-server.ts'
import { assertPrivate } from '../support/private-histories.ts'
import type { ExpertJson, FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const curl = promisify(execFile)
const DIMENSIONS = 256

type Parts = { readonly options: WorldOptions; close(): Promise<unknown> }

const ASSEMBLIES: Record<string, () => Promise<Parts>> = {
  'on one machine (disk, LanceDB, hashing)': async () => ({ options: {}, close: async () => undefined }),
  'in production (S3, Pinecone, OpenAI)': async () => {
    const [pinecone, openai] = await Promise.all([startPineconeServer(), startOpenAiServer()])
    const { url: controllerHost, apiKey } = pinecone
    const vectors = {
      kind: 'pinecone',
      apiKey,
      index: 'experts',
      cloud: 'aws',
      region: 'us-east-1',
      controllerHost,
    } as const
    const model = { model: 'text-embedding-3-small', dimensions: DIMENSIONS }
    const embedder = { kind: 'openai', apiKey: openai.apiKey, baseUrl: openai.baseUrl, ...model } as const
    return {
      options: { objects: { kind: 's3', ...infrastructure().s3 }, vectors, embedder },
      close: () => Promise.all([pinecone.close(), openai.close()]),
    }
  },
}

for (const [name, assemble] of Object.entries(ASSEMBLIES))
  describe(`the seed's flow, ${name}`, { skip: corpusMissing }, () => {
    let parts: Parts
    let world: World
    let api: Requests
    let url: string

    before(async () => {
      parts = await assemble()
      world = await startWorld(parts.options)
      api = new Requests(world.app)
      url = await world.app.listen({ host: '127.0.0.1', port: 0 })
    })
    after(async () => {
      await world.close()
      await parts.close()
    })

    test('real PDFs become an expert that cites them, and the unreadable ones are named', async () => {
      const good = corpusFiles.filter(({ file, expect }) => file.endsWith('.pdf') && expect === 'text').slice(0, 2)
      const bad = corpusFiles.filter(({ file, expect }) => file.endsWith('.pdf') && expect !== 'text').slice(0, 2)
      const uploads: FileJson[] = []
      for (const { file } of [...good, ...bad]) {
        const { stdout } = await curl('curl', [
          '-s',
          '-X',
          'POST',
          `${url}/knowledge-base/upload`,
          '-F',
          `file=@${corpusPath(file)}`,
        ])
        uploads.push(JSON.parse(stdout))
      }
      const body = {
        name: 'Test Expert',
        system_prompt: 'You are a helpful assistant',
        voice_id: '21m00Tcm4TlvDq8ikWAM',
        selected_files: uploads.map(({ id }) => id),
      }
      const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)]
      const { stdout } = await curl('curl', ['-s', '-X', 'POST', `${url}/experts/`, ...json])
      const created: ExpertJson = JSON.parse(stdout)

      const expert = await api.until(created.id, 'partially_ready')
      assert.deepEqual(expert.summary?.failed_files.map((file) => file.name).sort(), bad.map(({ file }) => file).sort())
      for (const { file, contains } of good) {
        const [best] = await api.search(expert.id, contains.join(' '))
        assert.equal(best?.file_name, file)
      }
      for (const { id, sha256, original_name } of uploads) {
        const content = await (await fetch(`${url}/knowledge-base/files/${id}/content`)).arrayBuffer()
        assert.deepEqual(Buffer.from(content), await readFile(corpusPath(original_name)), sha256 ?? '')
      }
    })

    test('no document text, key or secret enters a history', async () => {
      const secrets = [
        OPENAI_TEST_KEY,
        PINECONE_TEST_KEY,
        infrastructure().s3.secretKey,
        new URL(world.database.url).password,
      ]
      const words = corpusFiles.flatMap(({ contains }) => contains).filter((word) => word.length > 7)
      const read = await assertPrivate(world.client, world.taskQueue, [...secrets, ...words])
      assert.ok(read > 0)
    })
  })

test('the port is given back when the API closes', async () => {
  const world = await startWorld({ workers: false })
  await world.app.listen({ host: '127.0.0.1', port: 0 })
  const closed = once(world.app.server, 'close')
  await world.close()
  await closed
})
