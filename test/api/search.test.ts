import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { HashingEmbedder } from '../../adapters/hashing-embedder.ts'
import type { SearchPorts } from '../../api/expert-search.ts'
import { searchExpert } from '../../api/expert-search.ts'
import { cutToTokens } from '../../domain/cut-to-tokens.ts'
import type { Expert } from '../../domain/expert.ts'
import type { ExpertStore, VectorStore } from '../../domain/ports.ts'
import type { UsageStore } from '../../domain/usage.ts'
import { makePdf } from '../support/pdf.ts'
import type { ExpertJson, FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import { soleEmbedder } from '../support/sole-embedder.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const MANUAL = [
  'Mooring. The ropes of the ferry are checked by the harbour master at every spring tide.',
  'Pumps. The bilge pump stands behind the engine and is to be cleaned by the crew each month.',
  'Spare parts. Order the impeller HX-77-2041 by its number.',
].map((page) => `${page} ${'What is not said on this page is said on another one. '.repeat(12)}`)
const FILLER = Array.from(
  { length: 40 },
  (_, i) =>
    `The crew of boat ${i} orders spare parts by number, and the harbour master checks the impeller of each pump.`,
).join('')
const LONG_WORD = 'Hafenleinenprüfungsmonatsberichtsunterlagenverzeichnisschrankschlüsselverwaltung'
const GERMAN =
  'Der Hafenmeister prüft jeden Monat die Leinen der Fähre. Die Größe der Pumpe steht im Handbuch, und die Mannschaft reinigt sie nach jeder Fahrt gründlich. ' +
  `${LONG_WORD}, ${LONG_WORD}, ${LONG_WORD}, ${LONG_WORD}.`
const CHINESE = '渔船每天早上离开港口。港务长检查每一艘船的缆绳。'

describe('search', () => {
  let world: World
  let api: Requests
  let expert: ExpertJson
  let manual: FileJson
  let german: FileJson

  before(async () => {
    world = await startWorld()
    api = new Requests(world.app)
    manual = await api.upload('manual.pdf', await makePdf(MANUAL))
    german = await api.upload('hafen.txt', GERMAN)
    const others = [
      await api.upload(
        'crew.html',
        `<!doctype html><html><head><title>Crew</title></head><body><h1>Crew</h1><h2>Duties</h2>${FILLER}</body></html>`,
      ),
      await api.upload('港.txt', CHINESE),
    ]
    expert = await api.createExpert([manual, german, ...others])
    await api.until(expert.id, 'ready')
  })
  after(() => world.close())

  const first = async (query: string, options: object = {}) => (await api.search(expert.id, query, options))[0]

  test('tells all that is needed to cite a passage, and a link to it that gives the file', async () => {
    const found = await first('Who cleans the bilge pump?')
    assert.ok(found)
    assert.match(found.text, /bilge pump/)
    assert.deepEqual(
      [found.file_id, found.file_name, found.page_start, found.page_end],
      [manual.id, 'manual.pdf', 2, 2],
    )
    assert.equal(found.url, `http://127.0.0.1:8000/knowledge-base/files/${manual.id}/content#page=2`)
    const { pathname } = new URL(found.url)
    const { rawPayload, headers } = await world.app.inject(pathname)
    assert.equal(rawPayload.subarray(0, 5).toString(), '%PDF-')
    assert.match(String(headers['content-disposition']), /^attachment.*manual\.pdf/)
    const inText = await first('boat 35', { document_type: 'html' })
    assert.deepEqual(inText?.heading_path, ['Crew', 'Duties'])
    assert.ok(!inText?.url.includes('#'))
  })

  test('finds a part number first that is lost among what looks alike to the embeddings', async () => {
    const query = 'The crew orders HX-77-2041'
    assert.notEqual((await first(query, { mode: 'dense' }))?.file_id, manual.id)
    for (const mode of ['hybrid', 'keyword'])
      assert.match((await first(query, { mode }))?.text ?? '', /HX-77-2041/, mode)
  })

  test('finds by the embeddings what the index of words leaves out, as it does with very long words', async () => {
    assert.deepEqual(await api.search(expert.id, LONG_WORD, { mode: 'keyword' }), [])
    for (const mode of ['hybrid', 'dense']) assert.equal((await first(LONG_WORD, { mode }))?.file_id, german.id, mode)
  })

  test('says how each ranking sees a result', async () => {
    const query = 'bilge pump'
    for (const { score, dense_score, keyword_score } of await api.search(expert.id, query)) {
      assert.ok(score >= 0 && score <= 1)
      assert.ok(dense_score !== null && Math.abs(dense_score) <= 1.001)
      assert.ok(keyword_score === null || keyword_score > 0)
    }
    for (const { score, dense_score, keyword_score } of await api.search(expert.id, query, { mode: 'dense' })) {
      assert.equal(score, dense_score)
      assert.equal(keyword_score, null)
    }
    const worded = await api.search(expert.id, query, { mode: 'keyword', top_k: 100 })
    assert.ok(worded.length > 0 && worded.every(({ score, keyword_score }) => score === keyword_score))
    assert.deepEqual(
      worded.map(({ score }) => score),
      worded.map(({ score }) => score).toSorted((a, b) => b - a),
    )
  })

  test('takes min_score for a cosine similarity, as it was before there was a mode', async () => {
    for (const mode of ['hybrid', 'dense', 'keyword']) {
      const all = await api.search(expert.id, 'bilge pump', { mode, top_k: 100 })
      const least = all.map(({ dense_score }) => dense_score ?? 0).toSorted((a, b) => b - a)[0] ?? 0
      const some = await api.search(expert.id, 'bilge pump', { mode, top_k: 100, min_score: least - 1e-6 })
      assert.deepEqual([...new Set(some.map(({ dense_score }) => dense_score?.toFixed(4)))], [least.toFixed(4)], mode)
    }
  })

  for (const [what, filter, expected] of [
    ['a type', { document_type: 'pdf' }, ['manual.pdf']],
    ['types', { document_type: ['pdf', 'html'] }, ['crew.html', 'manual.pdf']],
    ['a language', { language: 'de' }, ['hafen.txt']],
    [
      'languages and types',
      { language: ['de', 'en'], document_type: ['text', 'pdf'], top_k: 50 },
      ['hafen.txt', 'manual.pdf'],
    ],
    ['what no file is', { document_type: 'docx' }, []],
    ['pages', { pages: { from: 2 } }, ['manual.pdf']],
    ['pages and a type', { pages: { from: 2, to: 2 }, document_type: 'html' }, []],
  ] as const)
    test(`searches only in ${what}, whatever the mode`, async () => {
      for (const mode of ['hybrid', 'dense', 'keyword']) {
        const found = await api.search(expert.id, 'pump Pumpe crew Mannschaft', { ...filter, mode, top_k: 50 })
        assert.deepEqual([...new Set(found.map(({ file_name }) => file_name))].sort(), expected, mode)
      }
    })

  test('searches only in the files that all filters leave', async () => {
    const files = { file_ids: [manual.id, german.id], top_k: 50 }
    const found = await api.search(expert.id, 'harbour', { ...files, language: 'de' })
    assert.deepEqual([...new Set(found.map(({ file_id }) => file_id))], [german.id])
  })

  test('finds words without their accents, and in a script without spaces', async () => {
    assert.equal((await first('GRÖSSE größe', { mode: 'keyword' }))?.file_id, german.id)
    assert.equal((await first('pruft', { mode: 'keyword' }))?.file_id, german.id)
    assert.equal((await first('港务长', { mode: 'keyword' }))?.text, CHINESE)
  })

  test('looks its expert up without counting files, and searches none that is being deleted', async (t) => {
    const query = t.mock.method(world.database.pool, 'query')
    await api.search(expert.id, 'pump')
    const asked = query.mock.calls.map(({ arguments: [sql] }) => JSON.stringify(sql))
    assert.deepEqual([asked.length > 0, asked.filter((sql) => sql.includes('count('))], [true, []])
    const become = (status: string) =>
      world.database.pool.query('update experts set status = $2 where id = $1', [expert.id, status])
    await become('deleting')
    const { status, body } = await api.send('POST', `/experts/${expert.id}/search`, { query: 'pump' })
    assert.deepEqual([status, body.code], [409, 'EXPERT_BEING_DELETED'])
    await become('ready')
  })

  test('answers any query, whatever is in it', async () => {
    const queries = [
      '"',
      `' or 1=1 --`,
      '+pump -crew AND (',
      'text:pump^2~*',
      '\\',
      '🧭',
      ' ',
      'the of and',
      '漢字',
      'ا'.repeat(2_000),
      'pump '.repeat(1_600),
    ]
    for (const query of queries)
      for (const mode of ['hybrid', 'dense', 'keyword']) {
        const { status, body } = await api.send('POST', `/experts/${expert.id}/search`, { query, mode })
        assert.equal(status, 200, `${mode} ${query.slice(0, 20)}: ${JSON.stringify(body)}`)
      }
    for (const [changes, where] of [
      [{ query: 'x'.repeat(10_240) }, 'body/query'],
      [{ mode: 'magic' }, 'body/mode'],
      [{ document_type: 'exe' }, 'body/document_type'],
      [{ pages: {} }, 'body/pages'],
      [{ pages: { from: 5, to: 3 } }, 'from (5) is after to (3)'],
    ] as const) {
      const { status, body } = await api.send('POST', `/experts/${expert.id}/search`, { query: 'pump', ...changes })
      assert.deepEqual([status, body.code], [400, 'VALIDATION_FAILED'])
      assert.ok(String(body.detail).includes(where), String(body.detail))
    }
  })
})

describe('a filter by language', () => {
  const expert = {
    id: 'e',
    userId: 'u',
    generation: 1,
    embeddingModel: 'hashing-v1',
    embeddingDimensions: 64,
  } as Expert
  const chunk = {
    index: 0,
    text: 'pump',
    tokens: 1,
    pageStart: 1,
    pageEnd: 1,
    headingPath: [],
    startOffset: 0,
    endOffset: 4,
  }
  const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`)

  /** `german`: how many files are German; of the nearest, one in `oneOf` is. */
  async function search(german: number, oneOf: number, query = 'pump') {
    const asked: { depth: number; ids: number | undefined }[] = []
    const embedder = new HashingEmbedder({ dimensions: 64 })
    const answer = (topK: number, fileIds?: readonly string[]) => {
      asked.push({ depth: topK, ids: fileIds?.length })
      return (fileIds ?? idsOf(1_000_000)).slice(0, topK).map((fileId, i) => ({ fileId, chunk, score: 1 - i / 1e6 }))
    }
    const ports = {
      embedders: soleEmbedder(embedder),
      publicUrl: '',
      usage: { countSearch: async () => undefined } as Partial<UsageStore>,
      experts: {
        indexedFileIds: async (_user, _expert, _filter, limit) => idsOf(Math.min(german, limit)),
        indexedFiles: async (_user, _expert, { fileIds, languages }) =>
          new Map(
            fileIds
              .filter((id) => languages && Number(id.slice(1)) % oneOf === 0)
              .map((name) => [name, { name, documentType: null }]),
          ),
      } as Partial<ExpertStore>,
      vectors: {
        query: async (_namespace, _vector, { topK, fileIds }) => answer(topK, fileIds),
      } as Partial<VectorStore>,
    } as SearchPorts
    const filter = { languages: ['de'] }
    return { asked, found: await searchExpert(ports, expert, { query, topK: 10, mode: 'dense', filter }) }
  }

  test('sends the ids of a few files, and of many none, but looks deeper', async () => {
    assert.deepEqual((await search(5_000, 1)).asked, [{ depth: 10, ids: 5_000 }])
    const { asked, found } = await search(300_000, 3)
    assert.deepEqual([asked, found.length], [[{ depth: 500, ids: undefined }], 10])
    assert.ok(found.every(({ fileId }) => Number(fileId.slice(1)) % 3 === 0))
  })

  test('looks deeper while it finds too few, to an end', async () => {
    const steps = [500, 2_000].map((depth) => ({ depth, ids: undefined }))
    const rare = await search(300_000, 150)
    assert.deepEqual([rare.asked, rare.found.length], [steps, 10])
    assert.deepEqual((await search(300_000, 1_000)).asked, steps)
    assert.deepEqual((await search(6_000, 1_000)).asked, [...steps, { depth: 10, ids: 6_000 }])
  })
})

test('a query that is longer than what the model takes is cut at a character', async () => {
  const countTokens = (text: string) => [...text].length * 2
  const limit = { maxTokens: 1_000, countTokens }
  const cut = cutToTokens('漢𠮷'.repeat(4_000), limit)
  assert.ok(countTokens(cut) <= 1_000 && countTokens(cut) > 900)
  assert.ok(cut.isWellFormed())
  assert.equal(cutToTokens('漢字', limit), '漢字')
  const embedded: string[] = []
  const embedder = new HashingEmbedder({ dimensions: 64 })
  const small = Object.assign(Object.create(embedder) as HashingEmbedder, {
    limits: { ...embedder.limits, tokensPerInput: 50 },
    embed: async (texts: readonly string[]) => {
      embedded.push(...texts)
      return embedder.embed(texts)
    },
  })
  const expert = { id: 'e', userId: 'u', embeddingModel: 'hashing-v1', embeddingDimensions: 64 } as Expert
  const ports = {
    embedders: soleEmbedder(small),
    publicUrl: '',
    experts: { indexedFiles: async () => new Map() } as Partial<ExpertStore>,
    vectors: { query: async () => [] } as Partial<VectorStore>,
    usage: { countSearch: async () => undefined } as Partial<UsageStore>,
  } as SearchPorts
  const request = { query: '港'.repeat(8_000), topK: 5, mode: 'dense' } as const
  await searchExpert(ports, expert, request)
  assert.equal(embedded.length, 1)
  assert.ok(embedder.countTokens(embedded[0] ?? '') <= 50)
})
