/**
 * `npm run bench:pages [-- --model <folder> --packages <folder> --cache <folder> --size 400 --overlap 80]`: whether the sentence in which a
 * word of the corpus' `page_words` stands finds its file and page in the first place, with all files of the corpus in one expert. Strict:
 * the page is the one that the passage begins on.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { extractFile } from '../adapters/extraction/extract-file.ts'
import type { SearchMode } from '../api/expert-search.ts'
import type { Page } from '../domain/chunk.ts'
import { fusedScores, KEYWORD_WEIGHT } from '../domain/fuse-rankings.ts'
import type { Embedder } from '../domain/ports.ts'
import { corpusFiles, corpusPath } from '../test/support/corpus.ts'
import { extractionConfig } from '../test/support/extraction-config.ts'
import type { PageWord } from '../test/support/page-words.ts'
import { pagedFiles } from '../test/support/page-words.ts'
import { benchEmbedders, EMBEDDER_OPTIONS } from './bench-embedders.ts'
import type { Rated } from './search-bench.ts'
import { SearchBench } from './search-bench.ts'
import type { Passage } from './splitters.ts'
import { passagesOf } from './splitters.ts'

const { values: options } = parseArgs({
  options: {
    ...EMBEDDER_OPTIONS,
    size: { type: 'string', default: '400' },
    overlap: { type: 'string', default: '80' },
  },
})
const AIM = 0.9
const BONUSES = [0, 1, 2, 3, 4, 5]
const [WAYS] = [
  [
    ['hybrid', 'hybrid', false],
    ['hybrid by keyword pass', 'hybrid', true],
    ['keyword', 'keyword', false],
    ['dense', 'dense', false],
  ] as const satisfies readonly (readonly [string, SearchMode, boolean])[],
]
const line = (text: string) => process.stdout.write(`${text}\n`)

type Text = { readonly file: string; readonly pages: readonly Page[] }

async function readable(): Promise<Text[]> {
  const texts: Text[] = []
  for (const { file, expect } of corpusFiles.filter(({ expect }) => expect === 'text')) {
    const extraction = await extractFile({ path: corpusPath(file), limits: extractionConfig })
    if (!('code' in extraction)) texts.push({ file, pages: extraction.pages })
    else process.stderr.write(`${file}: ${extraction.code}, expected ${expect}\n`)
  }
  return texts
}

async function measure(name: string, embedder: Embedder, texts: readonly Text[], wanted: readonly PageWord[]) {
  const dir = mkdtempSync(join(tmpdir(), 'expertsmith-pages-'))
  const bench = new SearchBench(dir, embedder)
  const sizes = { maxTokens: Number(options.size), overlapTokens: Number(options.overlap) }
  const countTokens = (text: string) => embedder.countTokens(text)
  try {
    const passages = texts.flatMap(({ file, pages }) => passagesOf(file, pages, { ...sizes, countTokens }))
    await bench.store(0, passages)
    await bench.settle()
    line(`\n${name}: ${texts.length} files, ${passages.length} passages, ${wanted.length} words`)
    for (const [way, mode, isKeywordPass] of WAYS) {
      const misses: string[] = []
      for (const each of wanted) {
        const found = await bench.search(0, each.query || each.word, mode, isKeywordPass)
        if (!isRight(found[0], each)) misses.push(missed(found, each))
      }
      const share = 1 - misses.length / wanted.length
      if (mode === 'hybrid' && share < AIM) process.exitCode = 1
      line(`${share >= AIM ? '✅' : '❌'} ${way}: ${(100 * share).toFixed(1)} % in the first place`)
      if (mode === 'hybrid') for (const miss of misses) line(`   ${miss}`)
    }
    await compareBonuses(bench, embedder, wanted)
  } finally {
    await bench.close()
    rmSync(dir, { recursive: true })
  }
}

/** The product's is the least with which most of the even words find their page, whatever the embedder. */
async function compareBonuses(bench: SearchBench, { isSemantic }: Embedder, wanted: readonly PageWord[]) {
  const weight = isSemantic ? KEYWORD_WEIGHT.semantic : KEYWORD_WEIGHT.lexical
  const pools = await Promise.all(wanted.map(({ query, word }) => bench.candidates(0, query || word)))
  for (const bonus of BONUSES) {
    const isFirst = wanted.map((each, i) => isRight(firstOf(pools[i] ?? [], weight, bonus), each))
    const share = (half: 0 | 1) => {
      const some = isFirst.filter((_, i) => i % 2 === half)
      return `${((100 * some.filter(Boolean).length) / some.length).toFixed(1)} %`
    }
    line(`   hybrid, a bonus of ${bonus} for all words: even ${share(0)}, odd ${share(1)}`)
  }
}

function firstOf(pool: readonly Rated[], weight: number, bonus: number): Passage | undefined {
  const worths = fusedScores(pool, weight, bonus)
  return pool[worths.indexOf(Math.max(...worths))]?.passage
}

const isRight = (found: Passage | undefined, { file, page }: PageWord) =>
  found?.file === file && found.pageStart === page

function missed(found: readonly Passage[], wanted: PageWord): string {
  const place = found.findIndex((passage) => isRight(passage, wanted)) + 1
  const [first] = found
  const spans =
    first?.file === wanted.file && (first.pageStart ?? 0) <= wanted.page && wanted.page <= (first.pageEnd ?? 0)
  const why = spans ? 'the passage begins on a page before' : place > 0 ? `in place ${place}` : 'not found'
  const instead = first ? `${first.file} ${first.pageStart}–${first.pageEnd}` : 'nothing'
  return `${wanted.file} ${wanted.page} «${wanted.word}»: ${why}; first: ${instead}; asked: ${wanted.query.slice(0, 80)}`
}

const [texts, files] = [await readable(), await pagedFiles()]
const wanted = files.flatMap(({ words }) => words)
for (const { file, word, page, query } of wanted) if (!query) line(`${file} ${page} lacks ${word}`)
for (const { name, embedder, close } of await benchEmbedders(options)) {
  await measure(name, embedder, texts, wanted)
  await close()
}
