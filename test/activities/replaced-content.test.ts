import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import { downloadFile } from '../../activities/download-file.ts'
import { extractText } from '../../activities/extract-text.ts'
import type { FileRef, StagedFile } from '../../activities/file-refs.ts'
import { Staging } from '../../activities/staging.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { PostgresRunStore } from '../../adapters/postgres-run-store.ts'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('a file that gets new content while it is processed', () => {
  const extractor = new ProcessTextExtractor(extractionConfig)
  let world: World
  let scratch: string
  let api: Requests
  let uploaded: FileJson
  let file: FileRef

  before(async () => {
    world = await startWorld({ workers: false })
    scratch = await mkdtemp(join(tmpdir(), 'expertsmith-replaced-'))
    api = new Requests(world.app)
  })
  after(() => Promise.all([extractor.close(), world.close(), rm(scratch, { recursive: true })]))
  beforeEach(async () => {
    uploaded = await api.upload('a.txt', 'The old content.')
    const { id, workflow_id } = await api.createExpert([uploaded])
    await world.client.workflow.getHandle(workflow_id).terminate()
    file = { expertId: id, fileId: uploaded.id, name: 'a.txt' }
  })

  const replace = () => api.sendFile('PUT', `/knowledge-base/files/${uploaded.id}/content`, 'a.txt', 'The new content.')
  const ports = (runs = new PostgresRunStore(world.database.pool)) => ({
    ...world,
    runs,
    extractor,
    files: new PostgresFileStore(world.database.pool),
    staging: new Staging({ dir: scratch, hostQueue: 'unused' }),
  })
  const download = (runs?: PostgresRunStore): Promise<StagedFile> =>
    new MockActivityEnvironment().run(downloadFile(ports(runs)), file)
  const extract = (staged: StagedFile) => new MockActivityEnvironment().run(extractText(ports()), staged)
  const now = async () => (await api.send('GET', `/knowledge-base/files/${uploaded.id}`)).body

  test('starts again with that, where the download finds the old one gone', async () => {
    class OvertakenStore extends PostgresRunStore {
      override async beginStage(...stage: Parameters<PostgresRunStore['beginStage']>) {
        const begun = await super.beginStage(...stage)
        await replace()
        return begun
      }
    }
    await assert.rejects(download(new OvertakenStore(world.database.pool)), { code: 'ARTEFACT_MISSING' })
    const { sha256, s3_key } = await now()
    const staged = await download()
    assert.deepEqual([staged.sha256, staged.s3Key], [sha256, s3_key])
  })

  test('starts again with that, where the extraction has to fetch the old one', async () => {
    const staged = await download()
    await rm(scratch, { recursive: true })
    await mkdir(scratch)
    await replace()
    await assert.rejects(extract(staged), { code: 'ARTEFACT_MISSING' })
  })

  test('still fails where its object is gone and it has no other', async () => {
    await world.objects.delete(uploaded.s3_key)
    await assert.rejects(download(), { code: 'OBJECT_MISSING' })
  })

  test('is not described by what was found in the old one, nor shown as processed', async () => {
    const staged = await download()
    await replace()
    await extract(staged)
    const runs = new PostgresRunStore(world.database.pool)
    const counts = { generation: 1, pages: 1, pagesSkipped: 0, chunks: 1, tokens: 1, tokensReused: 0 }
    const seconds = { download: 0, extract: 0, embed: 0, store: 0 }
    assert.equal(await runs.markIndexed(file, { ...counts, seconds, sha256: staged.sha256 }), true)
    const { page_count, document_type, processing_status } = await now()
    assert.deepEqual([page_count, document_type, processing_status], [null, null, 'uploaded'])
  })
})
