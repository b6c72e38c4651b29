import { decodeCursor, encodeCursor } from '../domain/cursor.ts'
import type { DirectUpload, DirectUploads, PlannedPart, ReceivedPart } from '../domain/direct-upload.ts'
import { plannedParts } from '../domain/direct-upload.ts'
import type { PageRequest } from '../domain/ports.ts'
import type { PartJson } from './direct-upload-schemas.ts'
import { isExpired } from './direct-upload-schemas.ts'

/** Long enough for a page of parts on a slow line; new ones are to be had at any time. */
const URL_SECONDS = 3_600

export const refOf = ({ s3Key, storeId }: DirectUpload) => ({ key: s3Key, id: storeId })

/** Whether the store checks the one part that the file is: it knows the checksum of parts, never that of a file of several. */
export const isOnePart = ({ size, partSize }: Pick<DirectUpload, 'size' | 'partSize'>) => size <= partSize

/** The parts that have come of an upload that is open; undefined of any other. */
export async function receivedParts(
  directUploads: DirectUploads | undefined,
  upload: DirectUpload,
): Promise<ReceivedPart[] | undefined> {
  if (upload.status !== 'open' || isExpired(upload)) return undefined
  return directUploads?.received(refOf(upload))
}

export function missingParts(upload: DirectUpload, received: readonly ReceivedPart[]): PlannedPart[] {
  const there = new Set(received.map(({ number }) => number))
  return plannedParts(upload).filter(({ number }) => !there.has(number))
}

/** A page of parts, each with what it takes to send it. @throws InvalidCursor */
export async function signParts(
  directUploads: DirectUploads,
  upload: DirectUpload,
  missing: readonly PlannedPart[],
  { limit, cursor }: PageRequest,
): Promise<{ items: PartJson[]; next_cursor: string | null }> {
  const last = cursor === undefined ? 0 : Number(decodeCursor(cursor, [/^\d{1,5}$/])[0])
  const rest = missing.filter(({ number }) => number > last)
  const page = rest.slice(0, limit)
  const end = page.at(-1)
  return {
    items: await Promise.all(page.map((part) => signPart(directUploads, upload, part))),
    next_cursor: end && rest.length > limit ? encodeCursor([String(end.number)]) : null,
  }
}

async function signPart(directUploads: DirectUploads, upload: DirectUpload, part: PlannedPart): Promise<PartJson> {
  const left = Math.floor((upload.expiresAt.getTime() - Date.now()) / 1_000)
  const seconds = Math.max(1, Math.min(URL_SECONDS, left))
  const sha256 = isOnePart(upload) ? upload.sha256 : undefined
  const { url, headers } = await directUploads.sign(refOf(upload), { ...part, sha256 }, seconds)
  return {
    part_number: part.number,
    offset: part.offset,
    size: part.size,
    method: 'PUT',
    url,
    headers,
    expires_at: new Date(Date.now() + seconds * 1_000).toISOString(),
  }
}
