import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Staging } from '../../activities/staging.ts'
import { S3ObjectStore } from '../../adapters/s3-object-store.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { S3Proxy } from '../support/s3-proxy.ts'

test('an object that ends early is told from one that is not what was uploaded, and fetched again', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-staging-'))
  const proxy = new S3Proxy(infrastructure().s3.endpoint ?? '')
  t.after(() => Promise.all([proxy.close(), rm(dir, { recursive: true })]))
  const objects = new S3ObjectStore({ ...infrastructure().s3, endpoint: await proxy.listen() })
  const staging = new Staging({ dir, hostQueue: 'unused' })
  const bytes = Buffer.from('The mooring holds eleven tonnes.')
  const content = { fileId: randomUUID(), s3Key: `uploads/${randomUUID()}`, sha256: sha256(bytes) }
  await objects.upload(content.s3Key, bytes)

  proxy.interfere({ times: 1, when: ({ method }) => method === 'GET', effect: 'truncate' })
  await assert.rejects(staging.fetch(objects, content, {}), { code: 'STORAGE_UNAVAILABLE', message: /16 of 32 bytes/ })
  assert.deepEqual(await readFile(await staging.fetch(objects, content, {})), bytes)

  const uploaded = { ...content, sha256: sha256(Buffer.from('The mooring holds twelve tonnes.')) }
  await assert.rejects(staging.fetch(objects, uploaded, {}), { code: 'OBJECT_CHANGED' })
})

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
