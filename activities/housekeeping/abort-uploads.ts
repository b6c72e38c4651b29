import { OBJECT_FOLDERS } from '../../domain/keys.ts'
import type { CallOptions, UnfinishedUpload } from '../../domain/ports.ts'
import type { Ports } from '../ports.ts'
import { inPages } from './in-pages.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'

type Uses = Pick<Ports, 'objects' | 'housekeeping' | 'housekeepingGraceMs'>

/**
 * Discards the parts of uploads that nobody can be at any more. They are no objects, but they are paid for. A direct upload is
 * its client's until its time is over; its row goes later still, so that who comes late is told.
 */
export const abortUploads = (ports: Uses) => async (input: ChoreInput) => {
  const before = new Date(Date.now() - ports.housekeepingGraceMs)
  const outcome = await runChore<UnfinishedUpload>(input, {
    chore: 'abort-uploads',
    leftovers: (options) => abandoned(ports, before, options),
    nameOf: ({ key }) => key,
    settle: async (uploads, options) => {
      await Promise.all(uploads.map((upload) => ports.objects.abortUpload(upload, options)))
      return uploads.length
    },
  })
  if (!input.dryRun) await ports.housekeeping.forgetUploads(before)
  return outcome
}

async function* abandoned({ objects, housekeeping }: Uses, before: Date, options: CallOptions) {
  for (const folder of OBJECT_FOLDERS)
    for await (const page of inPages(objects.unfinishedUploads(folder, options), options)) {
      const old = page.filter(({ since }) => since < before)
      const open = new Set(await housekeeping.keysOfOpenUploads(old.map(({ key }) => key)))
      yield old.filter(({ key }) => !open.has(key))
    }
}
