import { Command } from 'commander'
import type { ApiClient } from './api/api-client.ts'
import { attempt } from './attempt.ts'
import { confirm } from './confirm.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { tellFailures } from './exit-codes.ts'
import { failureLines } from './failure-lines.ts'
import { findExpert } from './find-expert.ts'
import { apiCommand } from './options.ts'
import { count, print, printJson, say } from './output.ts'
import { plainLine } from './plain-text.ts'

type Options = ApiOptions & { readonly yes?: boolean; readonly cascade?: boolean }
/** What came of one; `workflow_id` where a workflow is at it. */
type Deleted = {
  readonly id: string
  readonly name: string
  readonly workflow_id: string | null
  readonly temporal_ui_url: string | null
}

export function deleteCommand(): Command {
  const command = new Command('delete').description('Delete experts, or files.')
  const add = (name: string, description: string) => {
    const added = apiCommand(name, description).option('--yes', 'do not ask')
    command.addCommand(added)
    return added
  }
  add('expert', 'Delete experts with their vectors. Their files stay.')
    .argument('<expert...>', 'ids or names')
    .action(deleteExperts)
  add('file', 'Delete files. One that experts use is refused.')
    .argument('<id...>', 'ids of uploaded files')
    .option('--cascade', 'take them out of the experts that use them first')
    .action(deleteFiles)
  return command
}

async function deleteExperts(wanted: readonly string[], options: Options): Promise<void> {
  const api = connectApi(options)
  const experts = await Promise.all(wanted.map((each) => findExpert(api, each)))
  const what = experts.map(({ name, progress: { files } }) => `"${name}" (${count(files, 'file')})`).join(', ')
  await confirm(`Delete ${count(experts.length, 'expert')}: ${what}?`, options)
  await each('expert', options, experts, async ({ id, name }) => {
    const { workflow_id, temporal_ui_url } = await api.experts.delete(id)
    return { id, name, workflow_id, temporal_ui_url }
  })
}

async function deleteFiles(ids: readonly string[], options: Options): Promise<void> {
  const api = connectApi(options)
  const cascade = options.cascade ?? false
  await confirm(`Delete ${count(ids.length, 'file')}${cascade ? ', in experts too' : ''}?`, options)
  const files = ids.map((id) => ({ id, name: id }))
  await each('file', options, files, (file) => deleteFile(api, file.id, cascade))
}

async function deleteFile({ files }: ApiClient, id: string, cascade: boolean): Promise<Deleted> {
  const { original_name: name } = await files.get(id)
  const deletion = await files.delete(id, { cascade })
  return { id, name, workflow_id: null, temporal_ui_url: null, ...deletion }
}

/** One after the other, past those that fail. */
async function each<T extends { readonly name: string }>(
  what: string,
  { json }: Options,
  items: readonly T[],
  remove: (item: T) => Promise<Deleted>,
): Promise<void> {
  const { done, failed } = await attempt(items, remove)
  if (json) printJson({ deleted: done, failed })
  else
    for (const { name, temporal_ui_url: url } of done)
      print(plainLine(url ? `Deleting ${name}. Watch it: ${url}` : `Deleted ${name}.`))
  for (const line of failureLines(failed, { what, stream: process.stderr })) say(line)
  tellFailures(failed.length, items.length)
}
