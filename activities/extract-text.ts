import { log } from '@temporalio/activity'
import { textKey } from '../domain/keys.ts'
import type { CallOptions, FileRuns } from '../domain/ports.ts'
import { beginStage } from './begin-stage.ts'
import type { TextHeader } from './derived-text.ts'
import { readHeader, writeText } from './derived-text.ts'
import type { ExtractedFile, StagedFile } from './file-refs.ts'
import { heartbeating } from './heartbeating.ts'
import type { Ports } from './ports.ts'
import { timed } from './timed.ts'
import { whyMissing } from './why-missing.ts'

type Content = Pick<StagedFile, 'fileId' | 's3Key' | 'sha256'> & { readonly userId: string }
type Uses = { readonly runs: FileRuns } & Pick<Ports, 'files' | 'objects' | 'staging' | 'extractor'>

/** Reads the text of a file, page by page, and keeps it under the checksum of the bytes: no content is read twice. */
export const extractText =
  (ports: Uses) =>
  (staged: StagedFile): Promise<ExtractedFile> =>
    // From the beginning: a file that is cancelled by now has a copy too.
    ports.staging.use(staged, async () => {
      const { hostQueue: _, s3Key, ...file } = staged
      const { expert } = await beginStage(ports.runs, file, 'extract')
      const key = textKey(file.sha256, ports.extractor.version)
      const [header, seconds] = await timed(() => readOnce(ports, { ...file, s3Key, userId: expert.userId }, key))
      await ports.files.describe(file.fileId, file.sha256, header)
      return {
        ...file,
        textKey: key,
        pages: header.pageCount,
        pagesSkipped: header.pagesSkipped,
        seconds: { ...file.seconds, extract: seconds },
      }
    })

const readOnce = (ports: Uses, content: Content, key: string): Promise<TextHeader> =>
  heartbeating(
    async (options) => (await readHeader(ports.objects, key, options)) ?? (await extract(ports, content, key, options)),
  )

async function extract(ports: Uses, content: Content, key: string, options: CallOptions) {
  const { objects, extractor } = ports
  const path = await fetch(ports, content, options)
  log.info('📝 Extracting text from file', named(content))
  const text = await extractor.extract(path, { ...options, fairnessKey: content.userId })
  if (text.pagesSkipped > 0)
    log.warn('⚠️ Parts of the file are damaged and were left out', {
      ...named(content),
      pagesSkipped: text.pagesSkipped,
    })
  return writeText(objects, key, text, options)
}

async function fetch({ files, objects, staging }: Uses, content: Content, options: CallOptions): Promise<string> {
  try {
    return await staging.fetch(objects, content, options)
  } catch (error) {
    throw await whyMissing(files, content, error)
  }
}

const named = ({ fileId, s3Key }: Content) => ({ fileId, s3Key })
