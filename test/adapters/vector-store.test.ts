import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect } from '@lancedb/lancedb'
import { TERMS } from '../../adapters/lancedb-rows.ts'
import { LanceDbVectorStore } from '../../adapters/lancedb-vector-store.ts'
import { indexFor, ours, PineconeIndexes } from '../../adapters/pinecone-indexes.ts'
import { PineconeVectorStore } from '../../adapters/pinecone-vector-store.ts'
import { DatabaseUnavailable } from '../../domain/database-unavailable.ts'
import { chunkId } from '../../domain/keys.ts'
import type { VectorRecord, VectorStore } from '../../domain/ports.ts'
import { startPineconeServer } from '../support/pinecone-server.ts'
import { eventually } from '../support/requests.ts'

type Subject = { readonly store: VectorStore; close(): Promise<unknown> }

const DIMENSIONS = 1_536
/** Of words, in LanceDB. */
const INDEX = `${TERMS}_idx`
/** Of another model. */
const SHORT = new Float32Array(8).fill(1 / Math.sqrt(8))
const PINECONE = {
  index: 'expertsmith-test',
  cloud: 'aws',
  region: 'us-east-1',
  dimensions: DIMENSIONS,
  isInUse: async (): Promise<boolean> => false,
}

const SUBJECTS: Record<string, () => Promise<Subject>> = {
  LanceDB: async () => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const store = new LanceDbVectorStore({ dir })
    return { store, close: () => store.close().then(() => rm(dir, { recursive: true })) }
  },
  'Pinecone (wire server)': async () => {
    const { url, apiKey, close } = await startPineconeServer()
    return { store: new PineconeIndexes({ ...PINECONE, apiKey, controllerHost: url }), close }
  },
  'Pinecone of the environment': async () => ({
    store: new PineconeIndexes({ ...PINECONE, apiKey: process.env.PINECONE_API_KEY ?? '' }),
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

    test('looks only at the pages that are asked for, together with the files', async () => {
      const namespace = newNamespace()
      const all = ['a', 'b'].flatMap((file) => Array.from({ length: 6 }, (_, i) => record(file, i, axis(i))))
      await store.upsert(namespace, all)
      await countIs(store, namespace, 12)
      // A chunk stands on the pages index + 1 and index + 2.
      for (const [pages, expected] of [
        [{ from: 3, to: 3 }, [1, 2]],
        [{ from: 6 }, [4, 5]],
        [{ to: 1 }, [0]],
        [{ from: 8 }, []],
      ] as const) {
        const filter = { topK: 50, fileIds: ['b'], pages }
        const matches = await store.query(namespace, axis(0), filter)
        const worded = await store.candidates(namespace, axis(0), { ...filter, text: 'größe', withNearest: false })
        for (const found of [matches, worded])
          assert.deepEqual(
            found.map(({ fileId, chunk }) => [fileId, chunk.index]).sort(),
            expected.map((index) => ['b', index]),
          )
      }
    })

    test('searches in more files than one request may name, and in none of no file', async () => {
      const namespace = newNamespace()
      await store.upsert(namespace, [record('a', 0, axis(0)), record('b', 0, axis(0, 0.9, 1)), record('c', 0, axis(1))])
      await countIs(store, namespace, 3)
      const others = Array.from({ length: 19_998 }, () => randomUUID())
      const matches = await store.query(namespace, axis(0), { topK: 2, fileIds: ['b', ...others, 'a'] })
      assert.deepEqual(
        matches.map(({ fileId }) => fileId),
        ['a', 'b'],
      )
      assert.deepEqual(await store.query(namespace, axis(0), { topK: 2, fileIds: [] }), [])
    })

    test('finds words whatever their case, accents and script, also those that were written after the index was made', async () => {
      const namespace = newNamespace()
      const texts = [
        'The pump P-4711 leaks.',
        'Ein Café in Zürich, und die Größe der Räume ist beachtlich.',
        '波兰领土划分的基本单位是市镇。',
        'Nothing of it.',
        'Write to ada.lovelace@example.org about part A-1203/77, which costs 1,234.50.',
        'В Варшаве была основана первая фондовая биржа.',
        '港務長は毎朝ロープを点検する。',
        'الكتب في المكتبات الكبيرة',
        'ฉันพูดภาษาไทยได้',
      ]
      const first = texts.map((text, i) => worded('a', i, text))
      await store.upsert(namespace, first)
      await countIs(store, namespace, texts.length)
      const find = async (text: string) => {
        const found = await store.candidates(namespace, axis(0), { topK: 10, text, withNearest: false })
        assert.ok(found.every(({ keywordScore }) => (keywordScore ?? 0) > 0))
        return found.map(({ chunk }) => chunk.text).sort()
      }
      for (const [query, expected] of [
        ['4711', 0],
        ['p4711', 0],
        ['pumps', 0],
        ['café', 1],
        ['zurich CAFE', 1],
        ['GRÖSSE', 1],
        ['grosse', 1],
        ['groesse', 1],
        ['市镇', 2],
        ['镇', 2],
        ['A-1203/77', 4],
        ['1203', 4],
        ['1234.50', 4],
        ['Ada.Lovelace@Example.org', 4],
        ['lovelace', 4],
        ['биржи', 5],
        ['点検', 6],
        ['المكتبة', 7],
        ['ภาษา', 8],
      ] as const)
        assert.deepEqual(await find(query), [texts[expected]], query)
      await store.upsert(namespace, [worded('b', 0, 'Another P-4711.'), worded('a', 3, 'Now it is 4711.')])
      await eventually(async () =>
        assert.deepEqual(await find('4711'), ['Another P-4711.', 'Now it is 4711.', texts[0]].sort()),
      )
      await store.deleteFile(namespace, 'a', texts.length)
      await eventually(async () => assert.deepEqual(await find('4711'), ['Another P-4711.']))
    })

    test('pools what has the words and what is near, each once, with both scores', async () => {
      const namespace = newNamespace()
      await store.upsert(namespace, [
        worded('a', 0, 'harbour', axis(0)),
        worded('a', 1, 'lighthouse', axis(0, 0.5, 1)),
        worded('a', 2, 'something else', axis(5)),
      ])
      await countIs(store, namespace, 3)
      const found = await store.candidates(namespace, axis(0), { topK: 10, text: 'Lighthouse', withNearest: true })
      const byIndex = found.toSorted((a, b) => a.chunk.index - b.chunk.index)
      assert.deepEqual(
        byIndex.map(({ score, keywordScore }) => [score.toFixed(2), keywordScore !== null]),
        [
          ['1.00', false],
          ['0.45', true],
          ['0.00', false],
        ],
      )
    })

    test('takes any text for words, and nothing in it for syntax', async () => {
      const namespace = newNamespace()
      await store.upsert(namespace, [worded('a', 0, 'plain words')])
      await countIs(store, namespace, 1)
      for (const text of [
        '"',
        `'; drop table x --`,
        'a AND (b OR',
        'text:*~2^',
        '🧭',
        '  ',
        'x'.repeat(10_000),
        'the',
      ]) {
        const found = await store.candidates(namespace, axis(0), { topK: 5, text, withNearest: true })
        assert.deepEqual(
          found.map(({ keywordScore }) => keywordScore),
          [null],
          text,
        )
      }
      const [found] = await store.candidates(namespace, axis(0), { topK: 5, text: '"plain* AND (', withNearest: false })
      assert.equal(found?.chunk.text, 'plain words')
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
      const words = { topK: 3, text: 'Größe', withNearest: true }
      assert.deepEqual(await store.candidates(namespace, axis(0), words), [])
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

    test('has vectors of several lengths, each namespace those of one, and removes and counts them all', async () => {
      const [long, short] = [newNamespace(), newNamespace()]
      await store.upsert(long, [record('a', 0, axis(0)), record('a', 1, axis(1))])
      await store.upsert(short, [record('a', 0, SHORT), record('b', 0, SHORT)])
      await Promise.all([countIs(store, long, 2), countIs(store, short, 2)])
      const query = { topK: 5, text: 'größe', withNearest: true }
      assert.equal((await store.query(long, axis(0), query)).length, 2)
      assert.equal((await store.query(short, SHORT, query)).length, 2)
      assert.equal((await store.candidates(short, SHORT, query)).length, 2)
      await eventually(async () => assert.equal(await store.hasFile(short, 'b'), true))
      const names = await Array.fromAsync(store.namespaces())
      assert.deepEqual(
        [long, short].filter((name) => names.includes(name)),
        [long, short],
      )
      await store.deleteFile(short, 'b', 1)
      await countIs(store, short, 1)
      await store.deleteNamespace(short)
      await countIs(store, short, 0)
      await countIs(store, long, 2)
    })

    test('refuses vectors of several lengths together', async () => {
      await assert.rejects(store.upsert(newNamespace(), [record('a', 0, axis(0)), record('a', 1, SHORT)]), {
        code: 'DIMENSION_MISMATCH',
        message: /8.*1536/,
      })
    })
  })

describe('LanceDbVectorStore', () => {
  for (const chunks of [2, 1_200])
    test(`finds words in a table of ${chunks} chunks of an earlier version, which has no terms, and gives it them with the next file`, async (t) => {
      const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
      const store = new LanceDbVectorStore({ dir })
      const connection = await connect(dir, { readConsistencyInterval: 0 })
      t.after(() => store.close().then(() => rm(dir, { recursive: true })))
      const opened = () => connection.openTable('n')
      const indexes = async () => (await (await opened()).listIndices()).map(({ name }) => name)
      await store.upsert('n', [worded('a', 0, 'The pump P-4711 leaks.', axis(3))])
      await store.upsert(
        'n',
        Array.from({ length: chunks - 1 }, (_, i) => worded('a', i + 1, 'Nothing of it.', axis(4))),
      )
      await eventually(async () => assert.deepEqual(await indexes(), [INDEX]))
      const table = await opened()
      await table.dropIndex(INDEX)
      await table.dropColumns([TERMS])
      const query = { topK: 10, text: 'PUMPS 4711', withNearest: false }
      const find = async () =>
        (await store.candidates('n', axis(3), query)).map(({ fileId, chunk }) => `${fileId} ${chunk.index}`).sort()
      assert.deepEqual(await find(), ['a 0'])
      await store.upsert('n', [worded('b', 0, 'Another pump.')])
      await eventually(async () => assert.deepEqual(await indexes(), [INDEX]))
      assert.deepEqual(await find(), ['a 0', 'b 0'])
      assert.equal(await store.count('n'), chunks + 1)
      const [nearest] = await store.query('n', axis(3), { topK: 1 })
      assert.equal(nearest?.chunk.text, 'The pump P-4711 leaks.')
    })

  test('gives terms to a large table of an earlier version in turns, and goes on with them after it was closed', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const stores = [1, 2].map(() => new LanceDbVectorStore({ dir }))
    const [first, second] = stores as [LanceDbVectorStore, LanceDbVectorStore]
    const connection = await connect(dir, { readConsistencyInterval: 0 })
    t.after(async () => {
      for (const store of stores) await store.close()
      await rm(dir, { recursive: true })
    })
    const write = (store: LanceDbVectorStore, file: string, chunks: number) =>
      store.upsert(
        'n',
        Array.from({ length: chunks }, (_, i) => worded(file, i, `pump ${i}`, SHORT)),
      )
    await write(first, 'a', 3_500)
    const table = await connection.openTable('n')
    await table.addColumns([{ name: 'terms_0', valueSql: 'cast(null as string)' }])
    await table.dropColumns([TERMS])
    await write(first, 'b', 1)
    // It takes its time once nothing has been written for a second, or when it is closed, which comes first here.
    await first.close()
    assert.equal(await table.countRows(`${TERMS} is null`), 2_500)
    await write(second, 'c', 1)
    await eventually(async () =>
      assert.deepEqual(
        (await table.listIndices()).map(({ columns }) => columns),
        [[TERMS]],
      ),
    )
    assert.equal(await table.countRows(`${TERMS} is null`), 0)
    assert.ok(!(await table.schema()).fields.some(({ name }) => name === 'terms_0'))
    const found = await second.candidates('n', SHORT, { topK: 5_000, text: 'pump', withNearest: false })
    assert.equal(found.length, 3_502)
  })

  test('keeps the index of words up to date: of few rows at once, of many when nothing has been written for a moment', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const store = new LanceDbVectorStore({ dir })
    const connection = await connect(dir, { readConsistencyInterval: 0 })
    t.after(() => store.close().then(() => rm(dir, { recursive: true })))
    const missing = async () => (await (await connection.openTable('n')).indexStats(INDEX))?.numUnindexedRows
    const write = (file: string, chunks: number) =>
      store.upsert(
        'n',
        Array.from({ length: chunks }, (_, i) => worded(file, i, `pump ${i}`)),
      )
    await write('a', 3)
    await write('b', 3)
    assert.equal(await missing(), 0)
    await write('c', 1_200)
    assert.equal(await missing(), 1_200)
    await eventually(async () => assert.equal(await missing(), 0))
  })

  test('loses no write and finds all words where several processes write one table', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const told: unknown[] = []
    const options = { dir, onUpkeepFailure: (error: unknown) => told.push(error) }
    const stores = [1, 2, 3].map(() => new LanceDbVectorStore(options))
    t.after(async () => {
      await Promise.all(stores.map((store) => store.close()))
      await rm(dir, { recursive: true })
    })
    // Of several that make the table at once one may be told to try again.
    await stores[0]?.upsert('n', [worded('f0-0', 0, 'pump 0')])
    const writing = stores.flatMap(async (store, s) => {
      for (let i = 0; i < 12; i++) await store.upsert('n', [worded(`f${s}-${i}`, 0, `pump ${i}`)])
    })
    await Promise.all(writing)
    const [store] = stores
    assert.equal(await store?.count('n'), 36)
    const connection = await connect(dir, { readConsistencyInterval: 0 })
    await eventually(async () => {
      const stats = await (await connection.openTable('n')).indexStats(INDEX)
      assert.equal(stats?.numUnindexedRows, 0)
    })
    const query = { topK: 100, text: 'pump', withNearest: false }
    assert.equal((await store?.candidates('n', axis(0), query))?.length, 36)
  })

  test('adds the last rows to the index of words, and lets go of what was deleted', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const store = new LanceDbVectorStore({ dir })
    const connection = await connect(dir, { readConsistencyInterval: 0 })
    t.after(() => store.close().then(() => rm(dir, { recursive: true })))
    const write = (file: string, chunks: number) =>
      store.upsert(
        'n',
        Array.from({ length: chunks }, (_, i) => worded(file, i, `pump ${i}`)),
      )
    const missing = async () => (await (await connection.openTable('n')).indexStats(INDEX))?.numUnindexedRows
    await write('a', 1_200)
    await eventually(async () => assert.equal(await missing(), 0))
    await write('b', 100)
    assert.equal(await missing(), 100)
    await eventually(async () => assert.equal(await missing(), 0))
    await store.deleteFile('n', 'a')
    // Fragments of which most rows are deleted are written anew without them.
    await eventually(async () => {
      const { fragmentStats } = await (await connection.openTable('n')).stats()
      assert.ok(fragmentStats.lengths.max <= 100, JSON.stringify(fragmentStats))
    })
  })

  test('refuses vectors, and queries, of another length than those that a table has', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-vectors-'))
    const store = new LanceDbVectorStore({ dir })
    t.after(() => store.close().then(() => rm(dir, { recursive: true })))
    await store.upsert('n', [record('a', 0, axis(0))])
    const mismatch = { code: 'DIMENSION_MISMATCH', message: /8.*1536/ }
    const query = { topK: 1, text: 'pump', withNearest: true }
    await assert.rejects(store.upsert('n', [record('b', 0, SHORT)]), mismatch)
    await assert.rejects(store.query('n', SHORT, query), mismatch)
    await assert.rejects(store.candidates('n', SHORT, query), mismatch)
    assert.equal(await store.count('n'), 1)
  })
})

describe('PineconeIndexes', () => {
  const open = async (t: { after(close: () => unknown): void }, options: Partial<typeof PINECONE> = {}) => {
    const pinecone = await startPineconeServer()
    t.after(pinecone.close)
    const { apiKey, url: controllerHost } = pinecone
    const store = new PineconeIndexes({ ...PINECONE, ...options, apiKey, controllerHost })
    return {
      ...pinecone,
      store,
      again: (other: Partial<typeof PINECONE>) =>
        new PineconeIndexes({ ...PINECONE, ...other, apiKey, controllerHost }),
    }
  }

  test('has the configured name for vectors of new experts, and makes others once they are needed', async (t) => {
    const { store, indexes, server } = await open(t)
    await store.upsert('n', [record('a', 0, axis(0))])
    assert.deepEqual(indexes(), { 'expertsmith-test': DIMENSIONS })
    await Promise.all(['b', 'c'].map((file) => store.upsert(`${file}.1`, [record(file, 0, SHORT)])))
    assert.deepEqual(indexes(), { 'expertsmith-test': DIMENSIONS, 'expertsmith-test-8': 8 })
    assert.match(await store.check(), /index expertsmith-test; for other models expertsmith-test-8 \(8 dimensions\)/)
    const asked = server.requests.length
    await store.check()
    assert.equal(server.requests.length, asked, 'nobody is asked for what is known')
  })

  test('leaves an index of before to its own length where new experts have another', async (t) => {
    const { store, again, indexes } = await open(t)
    await store.upsert('n', [record('a', 0, axis(0))])
    const changed = again({ dimensions: 8 })
    await changed.upsert('m', [record('b', 0, SHORT)])
    assert.deepEqual(indexes(), { 'expertsmith-test': DIMENSIONS, 'expertsmith-test-8': 8 })
    assert.equal((await changed.query('n', axis(0), { topK: 1 })).length, 1)
    assert.equal(await changed.count('n'), 1)
    const back = again({})
    assert.equal((await back.query('m', SHORT, { topK: 1 })).length, 1)
  })

  test('sees what other processes have made, after a moment, and at once where it writes itself', async (t) => {
    const { store, again } = await open(t)
    assert.equal(await store.count('m'), 0)
    await again({}).upsert('m', [record('b', 0, SHORT)])
    assert.equal((await store.query('m', SHORT, { topK: 1 })).length, 1)
    await store.upsert('n', [record('a', 0, axis(0))])
    assert.deepEqual([await store.count('n'), await store.count('m')], [1, 1])
  })

  test('never replaces an index that is gone: neither the first one nor another', async (t) => {
    const isInUse = async () => true
    const { store, again, dropIndexes, indexes } = await open(t)
    await store.upsert('n', [record('a', 0, axis(0))])
    await store.upsert('m', [record('b', 0, SHORT)])
    dropIndexes()
    const later = again({ isInUse })
    for (const [vector, name] of [
      [axis(0), /expertsmith-test; .*1536 dimensions/],
      [SHORT, /expertsmith-test-8; .*8 dimensions/],
    ] as const) {
      const missing = { code: 'VECTOR_INDEX_MISSING', message: name }
      await assert.rejects(later.query('n', vector, { topK: 1 }), missing)
      await assert.rejects(later.upsert('n', [record('a', 0, vector)]), missing)
    }
    assert.deepEqual(indexes(), {})
  })

  test('an index that was deleted and made anew with another length serves that one, and the former length gets its own', async (t) => {
    const { store, again, dropIndexes, indexes } = await open(t)
    await store.upsert('n', [record('a', 0, axis(0))])
    assert.equal((await store.query('n', axis(0), { topK: 1 })).length, 1)
    dropIndexes()
    await again({ dimensions: 8 }).upsert('m', [record('b', 0, SHORT)])
    assert.deepEqual(indexes(), { 'expertsmith-test': 8 })
    await assert.rejects(store.upsert('n', [record('a', 0, axis(0))]), { code: 'VECTOR_STORE_UNAVAILABLE' })
    assert.equal((await store.query('m', SHORT, { topK: 1 })).length, 1)
    await store.upsert('n', [record('a', 0, axis(0))])
    assert.deepEqual(indexes(), { 'expertsmith-test': 8, 'expertsmith-test-1536': DIMENSIONS })
  })

  test('takes for its own only what is named after its length', () => {
    const found = ours(
      [
        { name: 'e', dimension: 1_536 },
        { name: 'e-384', dimension: 384 },
        { name: 'e-2024', dimension: 384 },
        { name: 'e-other', dimension: 8 },
        { name: 'other', dimension: 384 },
      ],
      'e',
    )
    assert.deepEqual([...found.keys()], ['e', 'e-384'])
    const options = { index: 'e', dimensions: 384 }
    assert.deepEqual(
      [1_536, 384, 1_024].map((length) => indexFor(length, found, options)),
      ['e', 'e-384', 'e-1024'],
    )
    // Before the first one is made, and where it was lost.
    assert.deepEqual(
      [384, 8].map((length) => indexFor(length, new Map(), options)),
      ['e', 'e-8'],
    )
    assert.equal(indexFor(384, new Map([['e-384', 384]]), options), 'e-384')
    assert.equal(indexFor(384, new Map([['e', undefined]]), options), 'e')
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

  test('asks for less where the answer would be larger than Pinecone gives, and not for another reason', async (t) => {
    const { server, url, apiKey, close } = await startPineconeServer()
    t.after(close)
    const store = new PineconeVectorStore({ ...PINECONE, apiKey, controllerHost: url })
    const text = 'x'.repeat(20_000)
    const records = Array.from({ length: 500 }, (_, i) => worded('large', i, text, axis(i)))
    await store.upsert('n', records)
    const found = await store.query('n', axis(0), { topK: 500 })
    assert.deepEqual([found.length, found[0]?.chunk.index, server.count('/query')], [125, 0, 3])

    server.failNext({ status: 400, times: 9, path: '/query' })
    await assert.rejects(store.query('n', axis(0), { topK: 100 }), { code: 'VECTOR_STORE_UNAVAILABLE' })
    assert.equal(server.count('/query'), 4)
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
  const length = Math.hypot(first, second)
  vector[i] = first / length
  vector[i + 1] = second / length
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

function worded(fileId: string, index: number, text: string, vector = axis(1)): VectorRecord {
  const { chunk, ...rest } = record(fileId, index, vector)
  return { ...rest, chunk: { ...chunk, text } }
}

const countIs = (store: VectorStore, namespace: string, expected: number) =>
  eventually(async () => assert.equal(await store.count(namespace), expected))
