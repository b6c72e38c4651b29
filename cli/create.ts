import { readFile } from 'node:fs/promises'
import { Option } from 'commander'
import type { ApiClient } from './api/api-client.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { EXIT } from './exit-codes.ts'
import { readFileIds } from './file-ids.ts'
import { apiCommand, watchOption } from './options.ts'
import { print, printJson } from './output.ts'
import { showExpert } from './status.ts'
import { uploadPaths } from './upload/upload-paths.ts'
import { PARALLEL } from './upload.ts'
import { UsageError } from './usage-error.ts'

type Options = ApiOptions & {
  readonly name: string
  readonly prompt?: string
  readonly promptFile?: string
  readonly voice?: string
  readonly file?: readonly string[]
  readonly filesFrom?: string
  readonly upload?: readonly string[]
  readonly watch?: boolean
}

export const create = () =>
  apiCommand(
    'create',
    'Create an expert from files, and print its id. Without a source of files their ids are read from stdin.',
  )
    .requiredOption('--name <name>', 'what it is called')
    .addOption(new Option('--prompt <text>', 'its system prompt').conflicts('promptFile'))
    .option('--prompt-file <path>', 'a file with its system prompt')
    .option('--voice <id>', 'the id of its voice')
    .option('--file <id...>', 'ids of uploaded files')
    .option('--files-from <path>', 'a file with an id on each line, what follows it passed over; - for stdin')
    .option('--upload <path...>', 'files and folders to upload first')
    .addOption(watchOption())
    .addHelpText('after', '\nexpertsmith upload docs/ | expertsmith create --name Docs --prompt "You know the docs."')
    .action(createAndPrint)

async function createAndPrint(options: Options): Promise<void> {
  const { name, voice, json = false, watch } = options
  const api = connectApi(options)
  const system_prompt = await promptOf(options)
  const selected_files = [...new Set([...(await givenIds(options)), ...(await uploadedIds(api, options))])]
  if (selected_files.length === 0) throw new UsageError('There is no file to create an expert from.')
  const expert = await api.experts.create({ name, system_prompt, voice_id: voice ?? null, selected_files })
  if (!json) print(expert.id)
  // Beside the id, which may be piped on.
  if (watch) await showExpert(api, expert, { watch, json, stream: process.stderr })
  else if (json) printJson(expert)
}

async function promptOf({ prompt, promptFile }: Options): Promise<string> {
  if (prompt !== undefined) return prompt
  if (promptFile === undefined)
    throw new UsageError('An expert needs a system prompt: --prompt <text>, or --prompt-file <path>')
  return readFile(promptFile, 'utf8')
}

async function givenIds({ file = [], filesFrom, upload }: Options): Promise<readonly string[]> {
  if (filesFrom !== undefined) return [...file, ...(await readFileIds(filesFrom))]
  if (file.length > 0 || upload) return file
  if (process.stdin.isTTY)
    throw new UsageError('An expert needs files: --file <id…>, --files-from <path> or --upload <path…>')
  return readFileIds('-')
}

/** An expert is made of those that could be uploaded; that others could not is told by the exit code. */
async function uploadedIds(api: ApiClient, { upload, json = false }: Options): Promise<string[]> {
  if (!upload) return []
  const { files, failed } = await uploadPaths(api, upload, { parallel: PARALLEL, quiet: json })
  if (failed.length > 0 && files.length === 0) throw new Error('No file could be uploaded, so no expert was created.')
  if (failed.length > 0) process.exitCode = EXIT.partly
  return files.map(({ id }) => id)
}
