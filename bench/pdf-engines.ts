/**
 * `npm run bench:pdf`: what PDFium and pdf.js (by pdf-parse) make of the PDFs of the test corpus, each by itself: files that are
 * as the manifest says, words in common with pdftotext and with each other, and time. The decision in
 * docs/decisions/pdf-engines.md rests on it.
 */
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { openPdf } from '../adapters/extraction/pdf/pdfium-document.ts'
import { SecondOpinion } from '../adapters/extraction/pdf/second-opinion.ts'
import { tidyPages } from '../adapters/extraction/pdf/tidy-pages.ts'
import type { Page } from '../domain/chunk.ts'
import type { CorpusFile } from '../test/support/corpus.ts'
import { corpusFiles, corpusMissing, corpusPath, differences } from '../test/support/corpus.ts'
import { textTable } from '../test/support/text-table.ts'

type Engine = (path: string) => Promise<readonly string[] | undefined>
type Result = { readonly right: boolean; readonly words: ReadonlyMap<string, number>; readonly seconds: number }

const byPdfium: Engine = (path) =>
  openPdf(path, (document) => Array.from({ length: document.pageCount }, (_, index) => document.pageText(index) ?? ''))

const byPdfJs: Engine = async (path) => {
  await using document = await SecondOpinion.ask(new Uint8Array(await readFile(path)))
  const pages: string[] = []
  for (let index = 0; index < (document?.pageCount ?? 0); index++) pages.push((await document?.pageText(index)) ?? '')
  return pages
}

async function read(engine: Engine, expected: CorpusFile): Promise<Result> {
  const start = performance.now()
  const texts = (await engine(corpusPath(expected.file)).catch(() => undefined)) ?? []
  const seconds = (performance.now() - start) / 1_000
  const pages = tidyPages(texts).map((text, index): Page => ({ number: index + 1, text }))
  return { right: isRight(pages, expected), words: countWords(pages.map(({ text }) => text).join('\n')), seconds }
}

function isRight(pages: readonly Page[], expected: CorpusFile): boolean {
  const hasText = pages.some(({ text }) => text !== '')
  return expected.expect === 'text' ? differences(pages, expected).length === 0 : !hasText
}

function byPdftotext(path: string): ReadonlyMap<string, number> {
  const text = execFileSync('pdftotext', [path, '-'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1e9,
  }).toString()
  return countWords(text.replaceAll('-\n', ''))
}

function countWords(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0)

/** Twice the words in common, of all words of both (Sørensen–Dice): 1 where they are the same. */
function agreement(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let common = 0
  for (const [word, count] of a) common += Math.min(count, b.get(word) ?? 0)
  const all = total(a) + total(b)
  return all === 0 ? 1 : (2 * common) / all
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

async function main(): Promise<void> {
  if (corpusMissing) throw new Error(corpusMissing)
  const files = corpusFiles.filter(({ file, kind }) => file.endsWith('.pdf') && kind !== 'wrong_type')
  const readable = files.filter(({ expect }) => expect === 'text')
  const pages = readable.reduce((sum, file) => sum + (file.pages ?? 0), 0)
  const reference = readable.map(({ file }) => byPdftotext(corpusPath(file)))
  const results = { pdfium: new Map<CorpusFile, Result>(), pdfJs: new Map<CorpusFile, Result>() }
  for (const file of files) {
    results.pdfium.set(file, await read(byPdfium, file))
    results.pdfJs.set(file, await read(byPdfJs, file))
  }
  const of = (engine: keyof typeof results, file: CorpusFile) => results[engine].get(file) as Result
  const row = (name: string, engine: keyof typeof results) => [
    name,
    `${files.filter((file) => of(engine, file).right).length} of ${files.length}`,
    mean(readable.map((file, index) => agreement(of(engine, file).words, reference[index] ?? new Map()))).toFixed(3),
    mean(readable.map((file) => agreement(of('pdfium', file).words, of('pdfJs', file).words))).toFixed(3),
    (pages / readable.reduce((sum, file) => sum + of(engine, file).seconds, 0)).toFixed(0),
  ]
  const rows = [
    ['', 'as the manifest says', 'agrees with pdftotext', 'with each other', 'pages/s'],
    row('PDFium', 'pdfium'),
    row('pdf.js by pdf-parse', 'pdfJs'),
  ]
  process.stdout.write(`${textTable(rows).join('\n')}\n`)
}

await main()
