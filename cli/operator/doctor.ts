import { ConfigurationError, type DoctorConfig, loadDoctorConfig } from '../../config.ts'
import { EXIT } from '../exit-codes.ts'
import { print, printJson } from '../output.ts'
import type { GroupResult } from './doctor/diagnosis.ts'
import { diagnose } from './doctor/diagnosis.ts'
import { countOf, renderCounts, renderGroup, toJson } from './doctor/report.ts'

type Options = { readonly url?: string; readonly json?: boolean }

/** Looks at all that the product needs, by the configuration of api and worker, which need not run. Changes nothing. */
export async function doctor({ url, json = false }: Options): Promise<void> {
  const groups: GroupResult[] = []
  for await (const group of configured(url)) {
    groups.push(group)
    if (!json) print(renderGroup(group))
  }
  const counts = countOf(groups)
  if (json) printJson(toJson(groups))
  else print(renderCounts(counts))
  if (counts.failed > 0) process.exitCode ??= EXIT.partly
}

/** Nothing can be looked at by variables that cannot be read: then they are what is to be mended. */
async function* configured(url: string | undefined): AsyncGenerator<GroupResult, void> {
  let config: DoctorConfig
  try {
    config = loadDoctorConfig()
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    process.exitCode = EXIT.usage
    return yield { name: 'Configuration', results: error.faults.map(toResult) }
  }
  yield* diagnose(url === undefined ? config : { ...config, client: { ...config.client, url } })
}

const toResult = (fault: string) => ({
  name: /^[A-Z][A-Z0-9_]+/.exec(fault)?.[0] ?? 'Variables',
  status: 'failed' as const,
  detail: fault,
  fix: 'Correct it in .env, or where the process gets its variables from; .env.example explains each',
  milliseconds: 0,
})
