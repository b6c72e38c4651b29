import type { FileJson } from './api/files-api.ts'
import { firstOf } from './api/pages.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { apiCommand, limitOption } from './options.ts'
import { bytes, minute, print, printJson, say } from './output.ts'
import { plainLine } from './plain-text.ts'
import { textTable } from './text-table.ts'

type Options = ApiOptions & { readonly limit: number }

export const files = () =>
  apiCommand('files', 'List uploaded files, newest first.').addOption(limitOption('files')).action(list)

async function list(options: Options): Promise<void> {
  const { limit, json } = options
  const { items, more } = await firstOf(connectApi(options).files.list(limit + 1), limit)
  if (json) printJson(items)
  else if (items.length === 0) print('There are no files. expertsmith upload sends some.')
  else print(textTable(['id', 'uploaded', 'size', 'status', 'name'], items.map(toRow)))
  if (more) say(`These are the newest ${limit}; --limit shows more.`)
}

const toRow = ({ id, created_at, size, processing_status, original_name }: FileJson) => [
  id,
  minute(created_at),
  bytes(size),
  processing_status,
  plainLine(original_name),
]
