import type { VectorFilter } from '../domain/ports.ts'

/** Of one `$in`: https://docs.pinecone.io/guides/search/filter-by-metadata */
const IDS_PER_FILTER = 10_000

/** A question for each: many files are asked for in parts, of whose answers the best are the best of all. No file, no question. */
export function filtersOf({ fileIds, pages }: VectorFilter): { filter?: Record<string, object> }[] {
  const onPages = {
    ...(pages?.from !== undefined && { page_end: { $gte: pages.from } }),
    ...(pages?.to !== undefined && { page_start: { $lte: pages.to } }),
  }
  if (!fileIds) return [Object.keys(onPages).length > 0 ? { filter: onPages } : {}]
  return Array.from({ length: Math.ceil(fileIds.length / IDS_PER_FILTER) }, (_, i) => ({
    filter: { ...onPages, file_id: { $in: fileIds.slice(i * IDS_PER_FILTER, (i + 1) * IDS_PER_FILTER) } },
  }))
}
