import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { isUuid } from '../domain/is-uuid.ts'
import { UsageError } from './usage-error.ts'

/** The first word of each line, as `expertsmith upload` prints them. @param path `-` for stdin */
export async function readFileIds(path: string): Promise<string[]> {
  const content = path === '-' ? await text(process.stdin) : await readFile(path, 'utf8')
  const lines = content.split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => {
    const [id = ''] = line.trim().split(/\s/)
    if (isUuid(id)) return id
    throw new UsageError(`"${id.slice(0, 80)}" in ${path === '-' ? 'stdin' : path} is not the id of a file`)
  })
}
