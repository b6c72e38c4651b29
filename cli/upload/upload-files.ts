import type { ApiClient } from '../api/api-client.ts'
import { ApiError, ApiUnreachable } from '../api/api-error.ts'
import type { UploadedFile } from '../api/files-api.ts'
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
  for (const { path } of untried) options.onFailed({ path, ...describe(hopeless.signal.reason) })
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
    (error: unknown) => failureOf(file, error, signal),
  )
  if (failed) onFailed({ path: file.path, ...failed })
  progress.ended(file, failed !== undefined)
  line.show(progress.now())
}

/** Of 403: what is refused whatever the file. A quota may be full for one file, and have room for a smaller one. */
const HOPELESS: ReadonlySet<string> = new Set(['SCOPE_MISSING', 'HOST_NOT_ALLOWED'])

/** @throws the error, where it is not of this file alone */
function failureOf({ path }: LocalFile, error: unknown, signal: AbortSignal): Omit<FailedPath, 'path'> {
  if (signal.aborted || error instanceof ApiUnreachable) throw error
  if (!(error instanceof ApiError)) return unreadable(path, error)
  if (error.status === 401 || HOPELESS.has(error.code)) throw error
  return describe(error)
}

const describe = (error: Error): Omit<FailedPath, 'path'> => ({
  code: error instanceof ApiError ? error.code : 'API_UNREACHABLE',
  message: error.message,
})
