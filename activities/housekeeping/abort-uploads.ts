import { OBJECT_FOLDERS } from '../../domain/keys.ts'
import type { CallOptions, UnfinishedUpload } from '../../domain/ports.ts'
import type { Ports } from '../ports.ts'
import { inPages } from './in-pages.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'

type Uses = Pick<Ports, 'objects' | 'housekeepingGraceMs'>

/** Discards the parts of uploads that nobody can be at any more. They are no objects, but they are paid for. */
export const abortUploads = (ports: Uses) => (input: ChoreInput) =>
  runChore<UnfinishedUpload>(input, {
    chore: 'abort-uploads',
    leftovers: (options) => abandoned(ports, options),
    nameOf: ({ key }) => key,
    settle: async (uploads, options) => {
      await Promise.all(uploads.map((upload) => ports.objects.abortUpload(upload, options)))
      return uploads.length
    },
  })

async function* abandoned({ objects, housekeepingGraceMs }: Uses, options: CallOptions) {
  const before = new Date(Date.now() - housekeepingGraceMs)
  for (const folder of OBJECT_FOLDERS)
    for await (const page of inPages(objects.unfinishedUploads(folder, options), options))
      yield page.filter(({ since }) => since < before)
}
