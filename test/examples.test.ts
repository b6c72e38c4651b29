import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { HashingEmbedder } from '../adapters/hashing-embedder.ts'
import { ProcessTextExtractor } from '../adapters/process-text-extractor.ts'
import type { Chunk } from '../domain/chunk.ts'
import { chunkPages } from '../domain/chunking.ts'
import { CONTRACT, MANUAL, NOTES, REPORT, WARRANTY } from '../examples/documents.ts'
import { drawPdf } from '../examples/draw-pdf.ts'
import { extractionConfig } from './support/extraction-config.ts'

type Passage = { readonly file: string; readonly chunk: Chunk; readonly vector: Float32Array }

const EXAMPLES = join(import.meta.dirname, '../examples')
const questions: { query: string; file: string; page: number }[] = JSON.parse(
  await readFile(join(EXAMPLES, 'questions.json'), 'utf8'),
)
const embedder = new HashingEmbedder({ dimensions: 1_024 })

describe('examples', () => {
  let extractor: ProcessTextExtractor
  const passages: Passage[] = []

  before(async () => {
    extractor = new ProcessTextExtractor(extractionConfig)
    for (const file of await readableFiles()) passages.push(...(await passagesOf(extractor, file)))
  })
  after(() => extractor.close())

  test('the protected and the damaged one are told apart', async () => {
    await assert.rejects(extractor.extract(join(EXAMPLES, '07-supplier-contract.pdf')), { code: 'ENCRYPTED' })
    await assert.rejects(extractor.extract(join(EXAMPLES, '08-field-notes.pdf')), { code: 'CORRUPT' })
  })

  for (const { query, file, page } of questions)
    test(`are found by their words: ${query}`, async () => {
      const best = await bestOf(passages, query)
      assert.equal(best?.file.replace('replacements/', ''), file)
      assert.deepEqual([best?.chunk.pageStart, best?.chunk.pageEnd], [page, page])
    })

  test('the PDFs are what documents.ts says', async () => {
    const drawn = {
      '01-echo-sounder-manual.pdf': MANUAL,
      '02-warranty-and-service.pdf': WARRANTY,
      '03-field-report-2025.pdf': REPORT,
      '07-supplier-contract.pdf': CONTRACT,
      'replacements/08-field-notes.pdf': NOTES,
    }
    for (const [file, pdf] of Object.entries(drawn))
      assert.ok((await drawPdf(pdf)).equals(await readFile(join(EXAMPLES, file))), `${file}: run make-examples.ts`)
  })
})

async function readableFiles(): Promise<string[]> {
  const names = (await readdir(EXAMPLES)).filter((name) => /^0[1-6]-/.test(name))
  return [...names, 'replacements/08-field-notes.pdf']
}

async function passagesOf(extractor: ProcessTextExtractor, file: string): Promise<Passage[]> {
  const { pages } = await extractor.extract(join(EXAMPLES, file))
  const { countTokens } = embedder
  const chunks = [...chunkPages(pages, { maxTokens: 300, overlapTokens: 60, countTokens })]
  const vectors = await embedder.embed(chunks.map(({ text }) => text))
  return chunks.flatMap((chunk, i) => (vectors[i] ? [{ file, chunk, vector: vectors[i] }] : []))
}

async function bestOf(passages: readonly Passage[], query: string): Promise<Passage | undefined> {
  const [asked = new Float32Array()] = await embedder.embed([query])
  const likeness = ({ vector }: Passage) => vector.reduce((sum, value, i) => sum + value * (asked[i] ?? 0), 0)
  return passages.toSorted((a, b) => likeness(b) - likeness(a))[0]
}
