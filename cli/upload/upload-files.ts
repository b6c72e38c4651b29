import type { ApiClient } from '../api/api-client.ts'
import { ApiError } from '../api/api-error.ts'
import type { UploadedFile } from '../api/files-api.ts'
import { failureOf, isHopeless } from '../api-failure.ts'
import type { ProgressLine } from '../progress-line.ts'
import type { FailedPath, LocalFile } from './collect-files.ts'
import { unreadable } from './collect-files.ts'
import { UploadProgress } from './upload-progress.ts'

export type Uploaded = { readonly path: string } & UploadedFile

export type UploadOptions = {
  /** How many at once. */
  readonly parallel: number
  readonly line: ProgressLine
  readonly signal: AbortSignal
  readonly onUploaded: (file: Uploaded) => void
  readonly onFailed: (failed: FailedPath) => void
}

/**
 * Uploads files, several at once, and goes on past those that fail; not past an API that is gone or refuses the key, for
 * which the rest fails without being tried.
 * @throws the reason of `signal`
 */
export async function uploadFiles(api: ApiClient, files: readonly LocalFile[], options: UploadOptions): Promise<void> {
  const progress = new UploadProgress(files)
  const hopeless = new AbortController()
  const signal = AbortSignal.any([options.signal, hopeless.signal])
  const untried = new Set(files)
  const queue = files.values()
  const lane = async () => {
    for (const file of queue) {
      signal.throwIfAborted()
      await uploadFile(api, file, progress, { ...options, signal })
      untried.delete(file)
    }
  }
  const lanes = Array.from({ length: options.parallel }, () => lane().catch((error: unknown) => hopeless.abort(error)))
  await Promise.all(lanes)
  options.line.stop()
  options.signal.throwIfAborted()
  for (const { path } of untried) options.onFailed({ path, ...failureOf(hopeless.signal.reason) })
}

async function uploadFile(api: ApiClient, file: LocalFile, progress: UploadProgress, options: UploadOptions) {
  const { line, signal, onUploaded, onFailed } = options
  const onBytes = (sent: number) => {
    progress.sent(file, sent)
    line.show(progress.now())
  }
  const failed = await api.files.upload(file.path, { onBytes, signal }).then(
    ({ warning, ...uploaded }) => {
      if (warning !== undefined) return { code: 'CONTENT_NOT_STORED', message: warning }
      onUploaded({ path: file.path, ...uploaded })
      return undefined
    },
    (error: unknown) => failedFile(file, error, signal),
  )
  if (failed) onFailed({ path: file.path, ...failed })
  progress.ended(file, failed !== undefined)
  line.show(progress.now())
}

/** @throws the error, where it is not of this file alone */
function failedFile({ path }: LocalFile, error: unknown, signal: AbortSignal): Omit<FailedPath, 'path'> {
  if (signal.aborted || isHopeless(error)) throw error
  return error instanceof ApiError ? failureOf(error) : unreadable(path, error)
}
