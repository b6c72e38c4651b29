/**
 * `npm run bench:extract`: how fast text is read from PDFs beside pdftotext and plain pdf-parse, on the same files in the same
 * run, and how much memory it takes. Reads the PDFs of the test corpus, or those of the folder that is given as an argument.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PDFParse, VerbosityLevel } from 'pdf-parse'
import { ProcessTextExtractor } from '../adapters/process-text-extractor.ts'
import { corpusFiles, corpusMissing, corpusPath } from '../test/support/corpus.ts'
import { extractionConfig } from '../test/support/extraction-config.ts'
import { makePdf } from '../test/support/pdf.ts'
import { textTable } from '../test/support/text-table.ts'
import { peakMemory } from './reader-memory.ts'

type Document = { readonly path: string; readonly bytes: number }

const ROUNDS = 5
const MEGABYTE = 1_048_576

async function documents(): Promise<Document[]> {
  const [folder] = process.argv.slice(2)
  if (!folder && corpusMissing) throw new Error(`${corpusMissing}. Or name a folder of PDFs`)
  const readable = corpusFiles.filter(
    ({ file, kind, expect }) => file.endsWith('.pdf') && expect === 'text' && kind !== 'wrong_type',
  )
  const paths = folder
    ? (await readdir(folder)).filter((name) => name.endsWith('.pdf')).map((name) => join(folder, name))
    : readable.map(({ file }) => corpusPath(file))
  const found = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })))
  // The largest first, so that two lanes end together.
  return found.toSorted((a, b) => b.bytes - a.bytes)
}

/** Reads all files, so many at a time; the median of several rounds, after one that warms up. In seconds. */
async function measure(files: readonly Document[], lanes: number, read: (path: string) => Promise<unknown>) {
  const rounds: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now()
    const queue = [...files]
    const lane = async () => {
      for (let file = queue.shift(); file; file = queue.shift()) await read(file.path)
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    if (round > 0) rounds.push((performance.now() - start) / 1_000)
  }
  return rounds.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
}

async function withPool<T>(processes: number, use: (pool: ProcessTextExtractor) => Promise<T>): Promise<T> {
  // As the worker has it by default.
  const pool = new ProcessTextExtractor({ ...extractionConfig, memoryMb: 1_024, processes })
  try {
    return await use(pool)
  } finally {
    await pool.close()
  }
}

const byPool = (files: readonly Document[], processes: number) =>
  withPool(processes, (pool) => measure(files, processes, (path) => pool.extract(path)))

/** As its documentation shows it. */
async function byPdfParse(path: string) {
  const parser = new PDFParse({ data: new Uint8Array(await readFile(path)), verbosity: VerbosityLevel.ERRORS })
  await parser.getText()
  await parser.destroy()
}

const run = promisify(execFile)

async function byPdftotext(files: readonly Document[]): Promise<number | undefined> {
  const installed = await run('pdftotext', ['-v']).then(
    () => true,
    () => false,
  )
  return installed ? measure(files, 1, (path) => run('pdftotext', [path, '/dev/null'])) : undefined
}

async function countPages(files: readonly Document[]): Promise<number> {
  const pages = await withPool(2, (pool) => Promise.all(files.map(({ path }) => pool.extract(path))))
  return pages.reduce((sum, text) => sum + text.pages.length, 0)
}

async function compareSpeed(): Promise<void> {
  const files = await documents()
  const pages = await countPages(files)
  const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / MEGABYTE
  process.stdout.write(
    `${files.length} PDFs, ${pages} pages, ${megabytes.toFixed(1)} MB; median of ${ROUNDS} rounds\n\n`,
  )
  const [one, two, pdfParse, pdftotext] = [
    await byPool(files, 1),
    await byPool(files, 2),
    await measure(files, 1, byPdfParse),
    await byPdftotext(files),
  ]
  const row = (name: string, seconds: number | undefined) => [
    name,
    ...(seconds
      ? [seconds.toFixed(2), (pages / seconds).toFixed(0), (megabytes / seconds).toFixed(1), (seconds / one).toFixed(2)]
      : ['not installed', '', '', '']),
  ]
  const rows = [
    ['', 'seconds', 'pages/s', 'MB/s', 'its seconds / ours'],
    row('1 process', one),
    row('2 processes', two),
    row('pdftotext, 1 core', pdftotext),
    row('plain pdf-parse, 1 core', pdfParse),
  ]
  process.stdout.write(`${textTable(rows).join('\n')}\n`)
  process.stdout.write(
    `\nof pdftotext's pages/s: ${pdftotext ? (pdftotext / one).toFixed(2) : '–'} (aim: 0.5 or more)\n` +
      `of plain pdf-parse's:  ${(pdfParse / one).toFixed(2)} (aim: 2 or more)\n` +
      `from one to two:       ${(one / two).toFixed(2)}\n`,
  )
}

const LONG = 400

async function measureMemory(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-extract-'))
  try {
    const line = 'The blanking distance of the transducer is 0.45 metres at 200 kHz and 1.20 metres at 50 kHz. '
    const texts = Array.from({ length: LONG }, (_, page) => `Page ${page + 1}. ${line.repeat(30)}`)
    const [long, short] = [join(dir, 'long.pdf'), join(dir, 'short.pdf')]
    await writeFile(long, await makePdf(texts))
    await writeFile(short, await makePdf(['One page.']))
    const idle = await withPool(1, (pool) => peakMemory(() => pool.extract(short)))
    const peak = await withPool(1, (pool) => peakMemory(() => pool.extract(long)))
    const told = (bytes: number | undefined) => (bytes === undefined ? '–' : `${(bytes / MEGABYTE).toFixed(0)} MB`)
    const above = idle && peak && peak - idle
    process.stdout.write(
      `\nmemory of a reader: ${told(idle)} after one page, ${told(peak)} at the peak of ${LONG} pages: ${told(above)} more (aim: below 300 MB)\n`,
    )
  } finally {
    await rm(dir, { recursive: true })
  }
}

await compareSpeed()
await measureMemory()
