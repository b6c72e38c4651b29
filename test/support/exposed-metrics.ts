export type ExposedMetric = {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
  readonly process: string
}

/** The metrics of an answer in Prometheus' text format, with the labels of their samples; those that are ours alone, with a process. */
export function exposedBy(text: string, process?: string): ExposedMetric[] {
  const help = new Map([...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = '', words = '']) => [name, words]))
  const metrics = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({
    ...{ name, type },
    help: help.get(name) ?? '',
    labels: labelsOf(text, name),
    process: process ?? '',
  }))
  return process === undefined ? metrics : metrics.filter(({ name }) => name.startsWith('expertsmith_'))
}

function labelsOf(text: string, name: string): string[] {
  const samples = text.matchAll(new RegExp(`^${name}(_bucket|_sum|_count)?\\{(?<labels>[^}]*)\\}`, 'gm'))
  const labels = [...samples].flatMap(({ groups }) => [...(groups?.labels ?? '').matchAll(/(\w+)="/g)])
  return [...new Set(labels.map(([, label]) => label ?? ''))].filter((label) => label !== 'le').toSorted()
}

/** What can be asked for. */
export const series = ({ name, type }: ExposedMetric): string[] =>
  type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]

export const toRow = ({ name, type, labels, process, help }: ExposedMetric): string =>
  `| \`${name}\` | ${process} | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`
