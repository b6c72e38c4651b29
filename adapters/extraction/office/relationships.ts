import { posix } from 'node:path'
import type { Parts } from './unpack.ts'
import { readXmlEvents } from './xml-events.ts'

export type Relationship = {
  readonly id: string
  /** The last part of the address that names its type, such as `worksheet`. */
  readonly type: string
  /** The name of the part that it leads to, in small letters. */
  readonly target: string
}

/** Where a part of an OOXML archive leads to. */
export function relationshipsOf(name: string, parts: Parts): Relationship[] {
  const found: Relationship[] = []
  const folder = posix.dirname(name)
  readXmlEvents(parts.get(posix.join(folder, '_rels', `${posix.basename(name)}.rels`)), {
    open: (tag, { Id = '', Type = '', Target }) => {
      if (tag !== 'Relationship' || !Target) return
      const target = posix.resolve('/', folder, Target).slice(1).toLowerCase()
      found.push({ id: Id, type: posix.basename(Type), target })
    },
  })
  return found
}
