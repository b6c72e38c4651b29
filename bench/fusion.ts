/**
 * Compares ways to fuse the rankings by words and by embeddings, over the very candidates that the product's own search fuses, and tells
 * which weight is best: chosen on the even questions of each set and told on the odd ones, and the other way round; and chosen on all sets
 * but one and told on that one.
 *
 *   node bench/fusion.ts [--model <folder> --packages <folder>] [--cache <folder>] [--size 400] [--overlap 80] [--pass] [--curve <fusion>]
 *
 * --model and --packages: a local model, and where @huggingface/transformers is installed; --cache keeps its vectors. --pass: with the
 * keyword pass over what is nearest, as where the store has no index of words. --curve tells each weight of one fusion, instead of all fusions.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Embedder } from '../domain/ports.ts'
import { baseline } from './baseline.ts'
import { benchEmbedders, EMBEDDER_OPTIONS } from './bench-embedders.ts'
import { FUSIONS, fusionNamed, WITHOUT_BONUS } from './fusions.ts'
import { inSets } from './in-sets.ts'
import { reportOddHalf } from './report-odd-half.ts'
import { retrievalSet } from './retrieval-set.ts'
import { scoresOf } from './scores.ts'
import { SearchBench } from './search-bench.ts'
import { ours } from './splitters.ts'
import type { Asked, Curve } from './weight-curves.ts'
import { best, curveOf, mean } from './weight-curves.ts'

const { values: options } = parseArgs({
  options: {
    ...EMBEDDER_OPTIONS,
    size: { type: 'string', default: '400' },
    overlap: { type: 'string', default: '80' },
    pass: { type: 'boolean', default: false },
    curve: { type: 'string' },
  },
})
const print = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const collections = retrievalSet()
const baselines = collections.map(({ documents }) => baseline(documents))

async function ask(embedder: Embedder): Promise<Asked[]> {
  const dir = mkdtempSync(join(tmpdir(), 'expertsmith-fusion-'))
  const bench = new SearchBench(dir, embedder)
  const { split } = ours(Number(options.size), Number(options.overlap), (text) => embedder.countTokens(text))
  try {
    for (const [i, { documents }] of collections.entries())
      await bench.store(i, (await Promise.all(documents.map(split))).flat())
    await bench.settle()
    const asked: Asked[] = []
    for (const [i, { questions }] of collections.entries())
      for (const [n, question] of inSets(questions)) {
        const pool = await bench.candidates(i, question.query, options.pass)
        const bm25 = scoresOf(question, baselines[i]?.(question.query) ?? []).ndcg
        asked.push({ question, isOdd: n % 2 === 1, pool, bm25 })
      }
    return asked
  } finally {
    await bench.close()
    rmSync(dir, { recursive: true })
  }
}

function curve(fusion: string, asked: readonly Asked[]): void {
  const found = curveOf(asked, fusionNamed(fusion))
  const sets = [...new Set(asked.map(({ question }) => question.set))]
  print('weight of words', 'even', 'odd', 'all', ...sets)
  print(...Array<string>(4 + sets.length).fill('---:'))
  for (const [weight, values] of found) {
    const at = (pick: (each: Asked) => boolean) => mean(asked, values, pick).toFixed(3)
    const halves = [at(({ isOdd }) => !isOdd), at(({ isOdd }) => isOdd), at(() => true)]
    print(weight, ...halves, ...sets.map((set) => at(({ question }) => question.set === set)))
  }
}

function report(name: string, asked: readonly Asked[]): void {
  const sets = [...new Set(asked.map(({ question }) => question.set))]
  const at = (curve: Curve, weight: number, pick: (each: Asked) => boolean) =>
    mean(asked, curve.get(weight) ?? [], pick)
  process.stdout.write(`\n${name}\n\n`)
  print('fusion', 'weights: even, odd', 'told: odd', 'told: even', 'all but one: told', 'least gain on a set', ...sets)
  print('---', ...Array<string>(5 + sets.length).fill('---:'))
  const all = mean(
    asked,
    asked.map(({ bm25 }) => bm25),
    () => true,
  )
  const ofSet = (set: string) => (each: Asked) => each.question.set === set
  const bm25 = asked.map((each) => each.bm25)
  const dense = curveOf(asked, WITHOUT_BONUS).get(0) ?? []
  print(
    'BM25, evaluate.py',
    '',
    ...[true, false].map((odd) => mean(asked, bm25, (each) => each.isOdd === odd).toFixed(3)),
    all.toFixed(3),
    '',
    ...sets.map((set) => mean(asked, bm25, ofSet(set)).toFixed(3)),
  )
  for (const [fusion, fuse] of Object.entries(FUSIONS)) {
    const curve = curveOf(asked, fuse)
    if (fusion === Object.keys(FUSIONS)[0])
      for (const [row, weight] of [
        ['words alone', 1],
        ['embeddings alone', 0],
      ] as const)
        print(
          row,
          weight,
          ...[true, false].map((odd) => at(curve, weight, (each) => each.isOdd === odd).toFixed(3)),
          at(curve, weight, () => true).toFixed(3),
          '',
          ...sets.map((set) => at(curve, weight, ofSet(set)).toFixed(3)),
        )
    const [even, odd] = [best(asked, curve, ({ isOdd }) => !isOdd), best(asked, curve, ({ isOdd }) => isOdd)]
    const told = sets.map((set) => {
      const weight = best(asked, curve, (each) => !ofSet(set)(each))
      const found = at(curve, weight, ofSet(set))
      return { found, weight, gain: found - Math.max(mean(asked, bm25, ofSet(set)), mean(asked, dense, ofSet(set))) }
    })
    print(
      fusion,
      `${even}, ${odd}`,
      at(curve, even, ({ isOdd }) => isOdd).toFixed(3),
      at(curve, odd, ({ isOdd }) => !isOdd).toFixed(3),
      (told.reduce((sum, { found }) => sum + found, 0) / told.length).toFixed(3),
      Math.min(...told.map(({ gain }) => gain)).toFixed(3),
      ...told.map(({ found, weight }) => `${found.toFixed(3)} (${weight})`),
    )
  }
}

for (const { name, embedder, close } of await benchEmbedders(options)) {
  const asked = await ask(embedder)
  if (options.curve === undefined) {
    report(name, asked)
    reportOddHalf(name, asked)
  } else curve(options.curve, asked)
  await close()
}
