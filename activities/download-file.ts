import { log } from '@temporalio/activity'
import { Failure } from '../domain/failure.ts'
import type { StoredFile } from '../domain/file.ts'
import { hasContent } from '../domain/file.ts'
import { isDatabaseKey, textKey } from '../domain/keys.ts'
import type { CallOptions, FileRuns } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import type { FileRef, StagedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { takeChecksum } from './take-checksum.ts'
import { timed } from './timed.ts'
import { whyMissing } from './why-missing.ts'

type Uses = { readonly runs: FileRuns } & Pick<Ports, 'files' | 'objects' | 'staging' | 'extractor'>
type Content = { fileId: string; s3Key: string; sha256: string }

/** Brings a file's bytes to this worker, verified against its checksum. */
export const downloadFile =
  (ports: Uses) =>
  async (file: FileRef): Promise<StagedFile> => {
    const { file: stored } = await beginStage(ports.runs, file, 'download')
    if (!hasContent(stored)) throw new Failure('CONTENT_NOT_STORED', { fileId: file.fileId })
    const [sha256, seconds] = await timed(() => stage(ports, stored))
    return { ...file, s3Key: stored.s3Key, sha256, hostQueue: ports.staging.hostQueue, seconds: { download: seconds } }
  }

/** @returns the SHA-256 of the bytes */
async function stage(ports: Uses, file: StoredFile): Promise<string> {
  try {
    return await fetch(ports, file)
  } catch (error) {
    throw await whyMissing(ports.files, { ...file, fileId: file.id }, error)
  }
}

function fetch(ports: Uses, file: StoredFile): Promise<string> {
  const { objects, staging, extractor } = ports
  const { id: fileId, s3Key, size } = file
  const source = isDatabaseKey(s3Key) ? 'the database' : objects.name
  return heartbeating(async (options, beat) => {
    const sha256 = file.sha256 ?? (await takeChecksum(ports, file, options))
    const content = { fileId, s3Key, sha256 }
    if (await isReadAlready(objects, content, extractor.version, options)) return sha256
    log.info(`📥 Downloading file from ${source}`, { fileId, s3Key, size })
    await staging.fetch(
      objects,
      content,
      options,
      throttled((bytes) => beat({ bytes, of: size })),
    )
    log.info(`✅ Successfully downloaded file from ${source}`, { fileId, s3Key, size })
    return sha256
  })
}

/** The text of these bytes is there, from another expert or an earlier try: then that the object exists is all there is to check. */
async function isReadAlready(
  objects: Ports['objects'],
  { s3Key, sha256, fileId }: Content,
  version: string,
  options: CallOptions,
) {
  const [text, original] = await Promise.all([
    objects.size(textKey(sha256, version), options),
    objects.size(s3Key, options),
  ])
  if (original === undefined) {
    // A bucket that is gone looks the same, and is not the file's fault.
    await objects.check(options)
    throw new Failure('OBJECT_MISSING', { fileId, s3Key })
  }
  return text !== undefined
}

const MEGABYTE = 1_048_576

/** A report per megabyte: a heartbeat a chunk would cost more than the download. */
function throttled(report: (bytes: number) => void) {
  let next = MEGABYTE
  return (bytes: number) => {
    if (bytes < next) return
    next = bytes + MEGABYTE
    report(bytes)
  }
}
