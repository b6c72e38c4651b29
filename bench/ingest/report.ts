import { textTable } from '../../test/support/text-table.ts'
import type { Run } from './run.ts'
import { totalCpu } from './run.ts'

type Row = readonly [name: string, run: Run]
export type Sweep = { readonly files: number; readonly product: Run; readonly ceiling: Run }

const MEGABYTE = 1_048_576
const fixed = (value: number | undefined, digits = 1) => value?.toFixed(digits) ?? 'n/a'
const megabytes = (bytes: number | undefined) => (bytes === undefined ? 'n/a' : (bytes / MEGABYTE).toFixed(0))
const ratio = (a: number | undefined, b: number | undefined) => fixed(a !== undefined && b ? a / b : undefined, 2)

/** One measurement in a line, for those who wait. */
export const progressLine = (name: string, run: Run): string =>
  `… ${name}: ${run.files} files in ${fixed(run.seconds)} s, CPU ms/file ${perFile(run)
    .map((value) => fixed(value))
    .join(' / ')}`

/** What each program did with the same files. */
export function comparison(rows: readonly Row[]): string {
  const header = ['', 'files', 'pages', 'chunks', 'failed', 'seconds', 'files/s', 'pages/s', 'chunks/s']
  const usage = ['CPU s', 'of Temporal', 'of Postgres', 'peak MB', 'of Temporal', 'of Postgres']
  return lines([[...header, ...usage], ...rows.map(([name, run]) => [name, ...speed(run), ...taken(run)])])
}

const speed = ({ files, pages, chunks, failed, seconds }: Run) => [
  ...[files, pages, chunks, failed],
  ...[seconds, files / seconds, pages / seconds, chunks / seconds].map((value) => fixed(value)),
]

const taken = ({ cpuSeconds, peakBytes }: Run) => [
  ...[cpuSeconds?.program, cpuSeconds?.temporal, cpuSeconds?.postgres].map((value) => fixed(value)),
  ...[peakBytes?.program, peakBytes?.temporal, peakBytes?.postgres].map(megabytes),
]

/** The aims: three times the peer's speed for half its processor time on real PDFs, 1.3 times its speed on short ones. */
export function againstPeer(product: Run, peer: Run, aim: { readonly speed: number; readonly cpu?: number }): string {
  const cpu = aim.cpu === undefined ? '' : ` (aim: ${aim.cpu} or less)`
  return [
    `  of the peer's pages/s: ${ratio(product.pages / product.seconds, peer.pages / peer.seconds)} (aim: ${aim.speed} or more)`,
    `  of its CPU: ${ratio(product.cpuSeconds?.program, peer.cpuSeconds?.program)}${cpu}; with Temporal and Postgres ${ratio(totalCpu(product), totalCpu(peer))}`,
  ].join('\n')
}

/** Cost of a file by the number of files, beside that of four activities that do nothing. */
export function sweepTable(sweeps: readonly Sweep[]): string {
  const header = ['tiny files', 'files/s', 'CPU ms/file', 'product', 'Temporal', 'Postgres']
  const ceiling = ['ceiling files/s', 'its CPU ms/file', "of the ceiling's files/s", 'of its CPU']
  const rows = sweeps.map(({ files, product, ceiling }) => [
    files,
    ...[files / product.seconds, ...perFile(product)].map((value) => fixed(value)),
    ...[files / ceiling.seconds, perFile(ceiling)[0]].map((value) => fixed(value)),
    ratio(files / product.seconds, files / ceiling.seconds),
    ratio(totalCpu(product), totalCpu(ceiling)),
  ])
  return lines([[...header, ...ceiling], ...rows])
}

/** How the cost of a file grows from the second measurement to the last, against the aim of 20 per cent. */
export function growth(sweeps: readonly Sweep[]): string {
  const [from, to] = [sweeps[1], sweeps.at(-1)]
  if (!from || !to || from === to) return ''
  return `  CPU per file, ${to.files} files against ${from.files}: ${ratio(perFile(to.product)[0], perFile(from.product)[0])} (aim: 0.8 to 1.2)\n`
}

/** All together, the program, Temporal, Postgres. */
function perFile(run: Run): (number | undefined)[] {
  const { cpuSeconds, files } = run
  return [totalCpu(run), cpuSeconds?.program, cpuSeconds?.temporal, cpuSeconds?.postgres].map(
    (seconds) => seconds && (seconds / files) * 1_000,
  )
}

const lines = (rows: readonly (readonly (string | number)[])[]) => `${textTable(rows).join('\n')}\n`
