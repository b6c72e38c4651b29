import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { corpusFiles, corpusMissing, corpusPath } from '../../test/support/corpus.ts'
import { makePdf } from '../../test/support/pdf.ts'

const SENTENCES = [
  'The harbour master logs every vessel that passes the outer mole, its draught and its cargo.',
  'A transducer at 200 kHz sees the bottom down to forty metres, in silt to half of that.',
  'Invoices are due within thirty days; a reminder is sent on the tenth day after that.',
  'Replace the anode once its weight has fallen below half of what the table says.',
]

/** PDFs of the test corpus that have text, whatever made them. */
export function realPdfs(): string[] {
  if (corpusMissing) throw new Error(corpusMissing)
  return corpusFiles
    .filter(({ file, kind, expect }) => file.endsWith('.pdf') && expect === 'text' && kind !== 'wrong_type')
    .map(({ file }) => corpusPath(file))
}

/** So many of each, told apart by a comment behind the end, as a base of more than a few documents: no content is there twice. */
export async function copiesOf(dir: string, paths: readonly string[], copies: number): Promise<string[]> {
  const folder = join(dir, 'copies')
  await mkdir(folder, { recursive: true })
  const made: string[] = []
  for (const path of paths)
    for (let copy = 0; copy < copies; copy++) {
      const name = join(folder, `${copy}-${basename(path)}`)
      await writeFile(name, Buffer.concat([await readFile(path), Buffer.from(`\n% copy ${copy}\n`)]))
      made.push(name)
    }
  return made
}

/** Letters of two pages, no two the same. */
export const twoPagePdfs = (dir: string, count: number): Promise<string[]> =>
  generate(dir, count, 'pdf', (number) => makePdf([page(number, 1, 24), page(number, 2, 24)]))

/** Notes of a few lines, no two the same. */
export const tinyTexts = (dir: string, count: number): Promise<string[]> =>
  generate(dir, count, 'txt', async (number) => page(number, 1, 3))

const page = (number: number, side: number, sentences: number) =>
  Array.from(
    { length: sentences },
    (_, i) => `${number}-${side}-${i}. ${SENTENCES[(number + i) % SENTENCES.length]}`,
  ).join('\n')

async function generate(
  dir: string,
  count: number,
  extension: string,
  content: (number: number) => Promise<Buffer | string>,
): Promise<string[]> {
  const folder = join(dir, `${count}-${extension}`)
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let number = 0; number < count; number++) {
    const path = join(folder, `${number}.${extension}`)
    await writeFile(path, await content(number))
    paths.push(path)
  }
  return paths
}
