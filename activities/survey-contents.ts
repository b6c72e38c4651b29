import { log } from '@temporalio/activity'
import type { ContentCount } from '../domain/database-contents.ts'
import type { Ports } from './ports.ts'

type Survey = ContentCount & { readonly column: boolean }
type Page = { readonly after: string | null; readonly limit: number }

/** The activities that look at what an older product left in the database, and, once that is nothing, drop its column. */
export const surveyContents = ({ contents, objects }: Pick<Ports, 'contents' | 'objects'>) => ({
  /** @throws Failure of the object store, where there is something to move and it cannot be used */
  async surveyContent(): Promise<Survey> {
    const count = await contents.count()
    if (count?.files) await objects.check()
    return { column: count !== undefined, files: count?.files ?? 0, bytes: count?.bytes ?? 0 }
  },

  listContent: ({ after, limit }: Page) => contents.page(after, limit),

  async dropContentColumn(): Promise<{ left: number | null }> {
    const left = await contents.dropColumn()
    if (left === 0) log.info('🗑️ Dropped the column of contents')
    return { left: left ?? null }
  },
})
