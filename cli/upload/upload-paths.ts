import type { ApiClient } from '../api/api-client.ts'
import { failureLines } from '../failure-lines.ts'
import { interruptible } from '../interrupt.ts'
import { count, say } from '../output.ts'
import { ProgressLine } from '../progress-line.ts'
import type { Collected, FailedPath } from './collect-files.ts'
import { collectFiles } from './collect-files.ts'
import type { Uploaded } from './upload-files.ts'
import { uploadFiles } from './upload-files.ts'

export type UploadPathsOptions = {
  readonly parallel: number
  /** Whether no progress is shown. */
  readonly quiet: boolean
  readonly onUploaded?: (file: Uploaded) => void
}

export type UploadOutcome = { readonly files: Uploaded[]; readonly failed: FailedPath[] }

/** Of files that failed for the same reason; `--json` has them all. */
const NAMES = 20

/** Uploads files and folders, and says on stderr how it goes and, in the end, what failed. Both lists are in the order of the paths. */
export async function uploadPaths(
  api: ApiClient,
  paths: readonly string[],
  { parallel, quiet, onUploaded = () => undefined }: UploadPathsOptions,
): Promise<UploadOutcome> {
  await api.checkAccess()
  const collected = await collectFiles(paths)
  const outcome: UploadOutcome = { files: [], failed: [...collected.failed] }
  const says = () =>
    `Stopped. ${count(outcome.files.length, 'file')} of ${collected.files.length} ${outcome.files.length === 1 ? 'is' : 'are'} uploaded; of those under way nothing is kept.`
  await interruptible(says, (signal) =>
    uploadFiles(api, collected.files, {
      parallel,
      signal,
      line: new ProgressLine({ quiet }),
      onUploaded: (file) => {
        outcome.files.push(file)
        onUploaded(file)
      },
      onFailed: (failed) => outcome.failed.push(failed),
    }),
  )
  tell(outcome, collected)
  return inOrder(outcome, collected)
}

function tell({ files, failed }: UploadOutcome, { links }: Collected): void {
  if (links > 0) say(`Left out ${count(links, 'symbolic link')}; name what one points to, to upload it.`)
  if (failed.length > 0) say(`Uploaded ${count(files.length, 'file')}; ${failed.length} failed:`)
  else say(`Uploaded ${count(files.length, 'file')}.`)
  const named = failed.map(({ path, ...failure }) => ({ name: path, ...failure }))
  for (const line of failureLines(named, { names: NAMES, stream: process.stderr })) say(line)
}

function inOrder({ files, failed }: UploadOutcome, collected: Collected): UploadOutcome {
  const place = new Map(collected.files.map(({ path }, index) => [path, index]))
  const byPlace = (a: { path: string }, b: { path: string }) => (place.get(a.path) ?? 0) - (place.get(b.path) ?? 0)
  return { files: files.toSorted(byPlace), failed: failed.toSorted(byPlace) }
}
