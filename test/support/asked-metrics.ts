import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(ROOT, path), 'utf8')

type Alert = { alert: string; expr: string; annotations: { summary: string; runbook: string } }
/** The rules of docs/operations/alerts.yml. */
export const alerts = async (): Promise<Alert[]> =>
  parse(await read('docs/operations/alerts.yml')).groups.flatMap(({ rules }: { rules: Alert[] }) => rules)
export const expressionsOfAlerts = async () => (await alerts()).map(({ expr }) => expr)

type Dashboard = { panels: { targets?: { expr: string }[] }[] }
export const expressionsOfDashboard = async () =>
  (JSON.parse(await read('docs/operations/grafana-dashboard.json')) as Dashboard).panels.flatMap(({ targets = [] }) =>
    targets.map(({ expr }) => expr),
  )

/** A name with the labels that it is selected by; those of the scrape are Prometheus' own. */
export const namesIn = (expression: string) =>
  [...expression.matchAll(/\b(?<name>(expertsmith|temporal|nodejs|process)_\w+)(\{(?<selector>[^}]*)\})?/g)].map(
    ({ groups: { name = '', selector = '' } = {} }) => ({
      name,
      expression,
      labels: [...selector.matchAll(/(\w+)\s*[=!]/g)].map(([, label]) => label ?? '').filter((each) => each !== 'job'),
    }),
  )

/** What the SDK exposes once workers are short of something only; it is in its library under that name. */
export async function isRare(name: string): Promise<boolean> {
  const { platform, arch } = process
  const library = { x64: 'x86_64', arm64: 'aarch64' }[arch as 'x64']
  const target = platform === 'darwin' ? 'apple-darwin' : 'unknown-linux-gnu'
  const path = `node_modules/@temporalio/core-bridge/releases/${library}-${target}/index.node`
  const base = /^temporal_(?<base>sticky_cache_total_forced_eviction|request_failure)_total$/.exec(name)?.groups?.base
  return base !== undefined && (await readFile(join(ROOT, path))).includes(base)
}
