import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { LanceDbVectorStore } from '../../adapters/lancedb-vector-store.ts'
import { PineconeVectorStore } from '../../adapters/pinecone-vector-store.ts'
import { DatabaseUnavailable } from '../../domain/database-unavailable.ts'
import { chunkId } from '../../domain/keys.ts'
import type { VectorRecord, VectorStore } from '../../domain/ports.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import { eventually } from '../support/requests.ts'

type Subject = { readonly store: VectorStore; close(): Promise<unknown> }

const DIMENSIONS = 1_536
const PINECONE = {
  index: 'expertsmith-test',
  cloud: 'aws',
  region: 'us-east-1',
  dimensions: DIMENSIONS,
  isInUse: async () => false,
}

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  LanceDB: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const store = new LanceDbVectorStore({ dir, dimensions: DIMENSIONS })
    return { store, close: () => store.close().then(() => rm(dir, { recursive: true })) }
  },
  'Pinecone (wire server)': async () => {
    const { url, apiKey, close } = await startPineconeServer()
    return { store: new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url }), close }
  },
  'Pinecone of the environment': async () => ({
    store: new PineconeVectorStore({ ...PINECONE, apiKey: process.env.PINECONE_API_KEY ?? '' }),
    close: async () => undefined,
  }),
}

for (const [name, open] of Object.entries(SUBJECTS))
  describe(`vector store: ${name}`, {
    skip: name.endsWith('environment') && !process.env.PINECONE_API_KEY && 'PINECONE_API_KEY is not set',
  }, () => {
    let subject: Subject
    let store: VectorStore
    const namespaces: string[] = []
    const newNamespace = () => {
      const namespace = `${randomUUID()}.1`
      namespaces.push(namespace)
      return namespace
    }

    before(async () => {
      subject = await open()
      store = subject.store
    })
    after(async () => {
      for (const namespace of namespaces) await store.deleteNamespace(namespace)
      await subject.close()
    })

    test('can be used', async () => assert.match(await store.check(), new RegExp(store.name)))

    test('finds the nearest first, with its score and all that is kept of a chunk', async () => {
      const namespace = newNamespace()
      const records = [record('a', 0, axis(0, 0.9, 1)), record('a', 1, axis(0, 0.1, 1)), record('b', 0, axis(2))]
      await store.upsert(namespace, records)
      const [best, second] = await eventually(async () => {
        const matches = await store.query(namespace, axis(0), { topK: 2 })
        assert.equal(matches.length, 2)
        return matches
      })
      assert.equal(best?.fileId, 'a')
      assert.deepEqual(best?.chunk, records[0]?.chunk)
      assert.ok(Math.abs((best?.score ?? 0) - 0.9 / Math.hypot(0.9, 1)) < 1e-3, `score ${best?.score}`)
      assert.equal(second?.chunk.index, 1)
    })

    test('overwrites by id, so that a repeated write changes nothing', async () => {
      const namespace = newNamespace()
      const records = [record('a', 0, axis(0)), record('a', 1, axis(1))]
      await store.upsert(namespace, records)
      await store.upsert(namespace, records)
      await countIs(store, namespace, 2)
    })

    test('keeps namespaces apart, and searches only the files that are asked for', async () => {
      const [one, other] = [newNamespace(), newNamespace()]
      await store.upsert(one, [record('a', 0, axis(0)), record('b', 0, axis(0))])
      await store.upsert(other, [record('c', 0, axis(0))])
      await countIs(store, one, 2)
      const matches = await store.query(one, axis(0), { topK: 10, fileIds: ['b', "x' or 1=1 --"] })
      assert.deepEqual(
        matches.map(({ fileId }) => fileId),
        ['b'],
      )
    })

    test('deletes the chunks of one file', async () => {
      const namespace = newNamespace()
      await store.upsert(namespace, [record('a', 0, axis(0)), record('a', 1, axis(1)), record('b', 0, axis(2))])
      await countIs(store, namespace, 3)
      await store.deleteFile(namespace, 'a', 2)
      await countIs(store, namespace, 1)
    })

    test('deletes a namespace, and again; what is not there has no matches', async () => {
      const namespace = newNamespace()
      await store.upsert(namespace, [record('a', 0, axis(0))])
      await store.deleteNamespace(namespace)
      await store.deleteNamespace(namespace)
      await store.deleteFile(namespace, 'a', 3)
      await countIs(store, namespace, 0)
      assert.deepEqual(await store.query(namespace, axis(0), { topK: 3 }), [])
    })

    test('names its namespaces, those of others too, also more of them than a page has', async () => {
      const many = Array.from({ length: 120 }, newNamespace)
      const foreign = `foreign-${randomUUID()}`
      namespaces.push(foreign)
      for (const namespace of [...many, foreign]) await store.upsert(namespace, [record('a', 0, axis(0))])
      await eventually(async () => {
        const names = new Set(await Array.fromAsync(store.namespaces()))
        assert.deepEqual(
          [...many, foreign].filter((name) => !names.has(name)),
          [],
        )
      })
    })

    test('takes many vectors at once, in batches that its limits allow', async () => {
      const namespace = newNamespace()
      await store.upsert(
        namespace,
        Array.from({ length: 500 }, (_, i) => record('a', i, axis(i, 1.23456789))),
      )
      await countIs(store, namespace, 500)
    })

    test('takes many files at the same time', async () => {
      const namespace = newNamespace()
      await Promise.all(Array.from({ length: 30 }, (_, i) => store.upsert(namespace, [record(`f${i}`, 0, axis(i))])))
      await countIs(store, namespace, 30)
    })

    test('refuses vectors of another length', async () => {
      await assert.rejects(store.upsert(newNamespace(), [record('a', 0, new Float32Array(8))]), {
        code: 'DIMENSION_MISMATCH',
        message: /8.*1536/,
      })
    })
  })

describe('PineconeVectorStore', () => {
  test('makes the index with the first vectors, once, and waits until it is ready', async (t) => {
    const { server, url, apiKey, close } = await startPineconeServer({ describesUntilReady: 2 })
    t.after(close)
    const store = new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url })
    await Promise.all(['a', 'b'].map((file) => store.upsert('n', [record(file, 0, axis(0))])))
    assert.equal(await store.count('n'), 2)
    const paths = server.requests.map(({ method, path }) => `${method} ${path}`)
    assert.equal(paths.filter((path) => path === 'POST /indexes').length, 1)
    assert.equal(paths.filter((path) => path.startsWith('GET /indexes/')).length, 3)
  })

  test('loses nothing where several processes make the index at once', async (t) => {
    const { url, apiKey, close } = await startPineconeServer()
    t.after(close)
    const stores = [1, 2, 3].map(() => new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url }))
    await Promise.all(stores.map((store, i) => store.upsert('n', [record(`f${i}`, 0, axis(i))])))
    for (const store of stores) assert.equal(await store.count('n'), 3)
  })

  test('makes nothing before there are vectors, and says what there is to say', async (t) => {
    const { server, url, apiKey, close } = await startPineconeServer()
    t.after(close)
    const store = new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url })
    assert.match(await store.check(), /expertsmith-test is made with the first file/)
    assert.deepEqual(await store.query('n', axis(0), { topK: 1 }), [])
    await holdsNothing(store)
    assert.equal(server.requests.filter(({ method }) => method !== 'GET').length, 0)
  })

  for (const [who, isRestarted] of [
    ['the process that used it', false],
    ['one that was started since', true],
  ] as const)
    test(`never replaces an index that was in use and is gone, not for ${who} either`, async (t) => {
      const { server, url, apiKey, dropIndexes, close } = await startPineconeServer()
      t.after(close)
      const options = { ...PINECONE, apiKey, controllerHost: url, isInUse: async () => isRestarted }
      const before = new PineconeVectorStore({ ...options, isInUse: async () => false })
      await before.upsert('n', [record('a', 0, axis(0))])
      const store = isRestarted ? new PineconeVectorStore(options) : before
      const restore = dropIndexes()
      const missing = { code: 'VECTOR_INDEX_MISSING', message: /expertsmith-test.*1536 dimensions/ }
      // Whoever knows its address learns that it leads nowhere first.
      if (!isRestarted)
        await assert.rejects(store.query('n', axis(0), { topK: 1 }), { code: 'VECTOR_STORE_UNAVAILABLE' })
      await assert.rejects(store.check(), missing)
      await assert.rejects(store.query('n', axis(0), { topK: 1 }), missing)
      await assert.rejects(store.upsert('n', [record('b', 0, axis(1))]), missing)
      await holdsNothing(store)
      assert.equal(server.count('/indexes') - server.count('/indexes/'), 1, 'it was made once')

      restore()
      assert.equal(await store.count('n'), 1)
      await store.upsert('n', [record('b', 0, axis(1))])
    })

  test('does not take a database that is away for an index that was never used', async (t) => {
    const { server, url, apiKey, close } = await startPineconeServer()
    t.after(close)
    const isInUse = () => Promise.reject(new DatabaseUnavailable(new Error('gone')))
    const store = new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url, isInUse })
    await assert.rejects(store.upsert('n', [record('a', 0, axis(0))]), DatabaseUnavailable)
    assert.deepEqual(server.requests, [])
  })

  test('says VECTOR_STORE_AUTH for a wrong key, and does not show it', async (t) => {
    const { url, close } = await startPineconeServer()
    t.after(close)
    const store = new PineconeVectorStore({ ...PINECONE, apiKey: 'pcsk_wrong', controllerHost: url })
    await assert.rejects(
      store.check(),
      (error: Error & { code: string }) => error.code === 'VECTOR_STORE_AUTH' && !error.message.includes('pcsk_wrong'),
    )
  })

  test('hands a server that is busy back to Temporal at once, with the time that it asked for', async (t) => {
    const { server, url, apiKey, close } = await startPineconeServer()
    t.after(close)
    const store = new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url })
    await store.check()
    for (const status of [429, 503]) {
      const before = server.count('/vectors/upsert')
      server.failNext({ status, times: 1, path: '/vectors/upsert', headers: { 'retry-after': '7' } })
      await assert.rejects(store.upsert('n', [record('a', 0, axis(0))]), {
        code: 'VECTOR_STORE_UNAVAILABLE',
        retryAfterMs: 7_000,
      })
      assert.equal(server.count('/vectors/upsert'), before + 1)
    }
  })

  test('says DIMENSION_MISMATCH with both numbers for an index that was made for another model', async (t) => {
    const { url, apiKey, close } = await startPineconeServer()
    t.after(close)
    await new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url }).upsert('n', [record('a', 0, axis(0))])
    const store = new PineconeVectorStore({ ...PINECONE, dimensions: 256, apiKey, controllerHost: url })
    await assert.rejects(store.check(), { code: 'DIMENSION_MISMATCH', message: /1536.*256/ })
  })
})

/** Deleting from what is not there is a success. */
async function holdsNothing(store: VectorStore): Promise<void> {
  await store.deleteFile('n', 'a', 1)
  await store.deleteNamespace('n')
  assert.equal(await store.count('n'), 0)
  assert.equal(await store.hasFile('n', 'a'), false)
  assert.deepEqual(await Array.fromAsync(store.namespaces()), [])
}

function axis(i: number, ...values: [] | [number] | [number, number]): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  const [first = 1, second = 0] = values
  vector[i] = first
  vector[i + 1] = second
  return vector
}

function record(fileId: string, index: number, vector: Float32Array): VectorRecord {
  const chunk = {
    index,
    text: `Größe “${index}” 漢字 🧭`,
    tokens: 7,
    pageStart: index + 1,
    pageEnd: index + 2,
    headingPath: ['Part', `Section ${index}`],
    startOffset: index * 10,
    endOffset: index * 10 + 9,
  }
  return { id: chunkId(fileId, index), fileId, chunk, vector }
}

const countIs = (store: VectorStore, namespace: string, expected: number) =>
  eventually(async () => assert.equal(await store.count(namespace), expected))
