import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { corpusMissing, corpusPath } from '../support/corpus.ts'
import type { PageWord } from '../support/page-words.ts'
import { pagedFiles } from '../support/page-words.ts'
import type { ExpertJson } from '../support/requests.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

/** What a person who checks a citation puts up with. */
const AIM = 0.9
/** Once nothing has been written for a second. */
const INDEXED_WITHIN_MS = 30_000
/** The defaults of the configuration. */
const DEFAULTS = {
  chunking: { maxTokens: 400, overlapTokens: 80 },
  embedder: { kind: 'hashing', dimensions: 1_024 },
} as const

describe('the right page', { skip: corpusMissing }, () => {
  let world: World
  let api: Requests
  let expert: ExpertJson
  let words: readonly PageWord[]

  before(async () => {
    world = await startWorld(DEFAULTS)
    api = new Requests(world.app)
    const files = await pagedFiles()
    words = files.flatMap((file) => file.words)
    const uploads = files.map(async ({ file }) => api.upload(file, await readFile(corpusPath(file))))
    expert = await api.createExpert(await Promise.all(uploads))
    await api.until(expert.id, 'ready')
  })
  after(() => world.close())

  test('comes first for the sentence in which a word stands that is on this page only', async () => {
    assert.ok(words.length > 30)
    // Until the last files are in the index of words, they are rated by counts of their own.
    await eventually(async () => {
      const misses = (await Promise.all(words.map(missed))).filter((miss) => miss !== undefined)
      assert.ok(misses.length <= (1 - AIM) * words.length, misses.join('\n'))
    }, INDEXED_WITHIN_MS)
  })

  async function missed({ file, page, word, query }: PageWord): Promise<string | undefined> {
    const [found] = await api.search(expert.id, query, { top_k: 1 })
    if (found?.file_name === file && found.page_start === page) return undefined
    return `${file} ${page} «${word}»: ${found?.file_name} ${found?.page_start}–${found?.page_end}`
  }
})
