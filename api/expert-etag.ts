import { Type } from 'typebox'
import type { Expert } from '../domain/expert.ts'

export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 1_000,
      examples: ['"3"'],
      description:
        'The ETag of the expert as you know it: 412 if somebody changed it since. Without it the last one wins.',
    }),
  ),
})

/** Of what people edit. The progress of its files does not change it, so that an expert at work can be edited. */
export const etagOf = ({ version }: Expert) => `"${version}"`

const ETAG = /^"(?<version>[1-9]\d{0,8})"$/

/** The versions that an If-Match allows; undefined for any. A weak tag, or one that is not ours, matches none. */
export function versionsIn(ifMatch: string | undefined): readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  const versions = ifMatch.split(',').map((tag) => ETAG.exec(tag.trim())?.groups?.version)
  return versions.filter((version) => version !== undefined).map(Number)
}
