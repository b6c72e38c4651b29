import { log } from '@temporalio/activity'
import { Failure } from '../domain/failure.ts'
import { textKey } from '../domain/keys.ts'
import type { CallOptions } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import type { FileRef, StagedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { timed } from './timed.ts'

type Uses = Pick<Ports, 'runs' | 'objects' | 'staging' | 'extractor'>
type Content = { fileId: string; s3Key: string; sha256: string; size: number }

/** Brings a file's bytes to this worker, verified against the checksum of the upload. */
export const downloadFile =
  (ports: Uses) =>
  async (file: FileRef): Promise<StagedFile> => {
    const { s3Key, sha256, size } = (await beginStage(ports.runs, file, 'download')).file
    if (!sha256) throw new Failure('CONTENT_NOT_STORED', { fileId: file.fileId })
    const [, seconds] = await timed(() => stage(ports, { fileId: file.fileId, s3Key, sha256, size }))
    return { ...file, s3Key, sha256, hostQueue: ports.staging.hostQueue, seconds: { download: seconds } }
  }

function stage({ objects, staging, extractor }: Uses, content: Content): Promise<void> {
  const { fileId, s3Key, size } = content
  return heartbeating(async (options, beat) => {
    if (await isReadAlready(objects, content, extractor.version, options)) return
    log.info(`📥 Downloading file from ${objects.name}`, { fileId, s3Key, size })
    await staging.fetch(
      objects,
      content,
      options,
      throttled((bytes) => beat({ bytes, of: size })),
    )
    log.info(`✅ Successfully downloaded file from ${objects.name}`, { fileId, s3Key, size })
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
