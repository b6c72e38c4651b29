import type { FileStore } from '../domain/ports.ts'
import { Problem } from './problem.ts'

/** A file id takes 39 bytes in a JSON list. */
export const FILE_IDS_BODY_LIMIT = 8_000_000

/** @returns each id once, as Postgres writes it. @throws Problem UNKNOWN_FILES */
export async function checkFiles(files: FileStore, userId: string, fileIds: readonly string[]): Promise<string[]> {
  const ids = [...new Set(fileIds.map((id) => id.toLowerCase()))]
  const unknown = await files.unknown(userId, ids)
  if (unknown.length > 0)
    throw new Problem('UNKNOWN_FILES', { extra: { file_ids: unknown.slice(0, 100), unknown: unknown.length } })
  return ids
}
