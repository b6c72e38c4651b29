/**
 * `npm run bench:ingest [-- --rounds 3 --full]`: from files to vectors by (a) this product and (b) the same job as users of
 * LangChain.js write it, with the same files and the same services, which answer after 50 ms; and (c) four activities a file that
 * do nothing, which is as fast as Temporal allows. Each measurement has fresh servers; of several rounds, which take turns, the
 * median counts. --full adds 10,000 files. docs/decisions/ingest-performance.md says what is compared with what.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCeiling } from './ingest/ceiling.ts'
import { copiesOf, realPdfs, tinyTexts, twoPagePdfs } from './ingest/file-sets.ts'
import { installPeer, runPeer } from './ingest/peer.ts'
import { runProduct } from './ingest/product.ts'
import type { Sweep } from './ingest/report.ts'
import { againstPeer, comparison, growth, progressLine, sweepTable } from './ingest/report.ts'
import type { Run } from './ingest/run.ts'
import { median } from './ingest/run.ts'

type Set = { readonly name: string; readonly paths: readonly string[]; readonly aim: { speed: number; cpu?: number } }

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '1' }, full: { type: 'boolean', default: false } },
})
const rounds = Number(options.rounds)
const SWEEP = options.full ? [100, 1_000, 10_000] : [100, 1_000]
const TWO_PAGE_FILES = 200
const COPIES = 4
const NAMES = { product: 'Expertsmith', peer: 'LangChain.js', ceiling: 'four activities that do nothing' }
const print = (text: string) => process.stdout.write(`${text}\n`)

async function measured(name: string, run: Promise<Run>): Promise<Run> {
  const result = await run
  process.stderr.write(`${progressLine(name, result)}\n`)
  return result
}

async function compare({ name, paths, aim }: Set): Promise<void> {
  const [ours, theirs]: [Run[], Run[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    ours.push(await measured(NAMES.product, runProduct(paths)))
    theirs.push(await measured(NAMES.peer, runPeer(paths)))
  }
  const [product, peer] = [median(ours), median(theirs)]
  print(`\n${name}\n`)
  print(
    comparison([
      [NAMES.product, product],
      [NAMES.peer, peer],
    ]),
  )
  print(againstPeer(product, peer, aim))
}

async function sweep(dir: string): Promise<void> {
  const sweeps: Sweep[] = []
  for (const files of SWEEP) {
    const paths = await tinyTexts(dir, files)
    const [products, ceilings]: [Run[], Run[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      products.push(await measured(NAMES.product, runProduct(paths)))
      ceilings.push(await measured(NAMES.ceiling, runCeiling(files)))
    }
    sweeps.push({ files, product: median(products), ceiling: median(ceilings) })
  }
  print(`\ntiny files, and four activities a file that do nothing (aim: 0.7 of its files/s or more)\n`)
  print(sweepTable(sweeps) + growth(sweeps))
}

const dir = await mkdtemp(join(tmpdir(), 'bench-files-'))
try {
  await installPeer()
  const pdfs = realPdfs()
  const real = { speed: 3, cpu: 0.5 }
  await compare({ name: 'real PDFs', paths: pdfs, aim: real })
  await compare({ name: `real PDFs, ${COPIES} of each`, paths: await copiesOf(dir, pdfs, COPIES), aim: real })
  await compare({ name: 'PDFs of two pages', paths: await twoPagePdfs(dir, TWO_PAGE_FILES), aim: { speed: 1.3 } })
  await sweep(dir)
} finally {
  await rm(dir, { recursive: true })
}
