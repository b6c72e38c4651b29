import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { HubFile } from './hub-repository.ts'

/** What is wrong with the file at `path`, or undefined where it is the one that the hub has. */
export async function faultOf(path: string, { size, checksum }: HubFile): Promise<string | undefined> {
  const found = await stat(path)
  if (found.size !== size) return `it has ${found.size} bytes, and ${size} on the hub`
  if (!checksum) return undefined
  const hash = createHash(checksum.kind === 'git' ? 'sha1' : 'sha256')
  if (checksum.kind === 'git') hash.update(`blob ${size}\0`)
  for await (const bytes of createReadStream(path)) hash.update(bytes)
  const hex = hash.digest('hex')
  return hex === checksum.hex ? undefined : `its checksum is ${hex}, and ${checksum.hex} on the hub`
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
