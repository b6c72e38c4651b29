import type { ApiClient } from './api/api-client.ts'
import type { ExpertJson } from './api/experts-api.ts'
import { firstOf } from './api/pages.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { describeExpert, reportOn } from './describe-expert.ts'
import { findExpert } from './find-expert.ts'
import { apiCommand, limitOption, watchOption } from './options.ts'
import { minute, print, printJson, say } from './output.ts'
import { plainLine } from './plain-text.ts'
import { textTable } from './text-table.ts'
import { UsageError } from './usage-error.ts'
import { tellOutcome, watchExpert } from './watch-expert.ts'

type Options = ApiOptions & { readonly watch?: boolean; readonly limit: number }

export const status = () =>
  apiCommand('status', 'Show your experts, or how far one is and which of its files failed, and why.')
    .argument('[expert]', 'its id, or its name')
    .addOption(watchOption())
    .addOption(limitOption('experts'))
    .action((expert: string | undefined, options: Options) => showStatus(expert, options))

async function showStatus(wanted: string | undefined, options: Options): Promise<void> {
  const api = connectApi(options)
  if (wanted !== undefined) return showExpert(api, await findExpert(api, wanted), options)
  if (options.watch) throw new UsageError('--watch wants to know which expert: expertsmith status <expert> --watch')
  await showAll(api, options)
}

type Showing = Pick<Options, 'watch' | 'json'> & {
  /** Where it is described, for a person. */
  readonly stream?: NodeJS.WriteStream
}

/** Also what other commands end with that wait for an expert. */
export async function showExpert(api: ApiClient, found: ExpertJson, showing: Showing): Promise<void> {
  const { watch, json = false, stream = process.stdout } = showing
  const expert = watch ? await watchExpert(api, found, { quiet: json }) : found
  const report = expert && (await reportOn(api, expert))
  if (json) printJson(report ?? { id: found.id, status: 'deleted' })
  else stream.write(`${report ? describeExpert(report, stream) : `"${plainLine(found.name)}" is deleted.`}\n`)
  if (watch) tellOutcome(report?.status ?? 'deleted')
}

async function showAll(api: ApiClient, { limit, json }: Options): Promise<void> {
  const { items, more } = await firstOf(api.experts.list(limit + 1), limit)
  if (json) printJson(items)
  else if (items.length === 0) print('There are no experts. expertsmith create makes one.')
  else print(textTable(['id', 'name', 'status', 'files', 'changed'], items.map(toRow)))
  if (more) say(`These are the newest ${limit}; --limit shows more.`)
}

const toRow = ({ id, name, status, progress: { files, indexed, failed }, updated_at }: ExpertJson) => [
  id,
  plainLine(name),
  status,
  `${indexed}/${files}${failed > 0 ? `, ${failed} failed` : ''}`,
  minute(updated_at),
]
