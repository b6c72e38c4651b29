import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Staging } from '../../activities/staging.ts'
import { S3ObjectStore } from '../../adapters/s3-object-store.ts'
import { Gate } from '../support/gate.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { S3Proxy } from '../support/s3-proxy.ts'

/** A folder of its own, and an object store from which nothing is deleted. */
async function scratch(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-staging-'))
  t.after(() => rm(dir, { recursive: true }))
  const objects = new S3ObjectStore(infrastructure().s3)
  const upload = async (text: string) => {
    const content = { fileId: randomUUID(), s3Key: `uploads/${randomUUID()}`, sha256: sha256(Buffer.from(text)) }
    await objects.upload(content.s3Key, Buffer.from(text))
    return content
  }
  return { dir, objects, upload, staging: new Staging({ dir, hostQueue: 'unused' }) }
}

const anHourAgo = (path: string) => utimes(path, Date.now() / 1_000 - 3_600, Date.now() / 1_000 - 3_600)

test('a copy goes with the last one who uses it, however that ends', async (t) => {
  const { dir, objects, upload, staging } = await scratch(t)
  const content = await upload('Two experts read this.')
  const gate = new Gate()
  const first = staging.use(content, async () => {
    await staging.fetch(objects, content, {})
    await gate.pass()
  })
  await gate.arrival
  await assert.rejects(
    staging.use(content, () => Promise.reject(new Error('cancelled'))),
    /cancelled/,
  )
  assert.equal((await readdir(dir)).length, 1)
  gate.open()
  await first
  assert.deepEqual(await readdir(dir), [])
})

test('copies that nobody came for make room, those in use and other files stay', async (t) => {
  const { dir, objects, upload } = await scratch(t)
  const [forgotten, used, next] = [await upload('forgotten'), await upload('used'), await upload('next')]
  const before = new Staging({ dir, hostQueue: 'unused' })
  await anHourAgo(await before.fetch(objects, forgotten, {}))
  await writeFile(join(dir, 'other'), '')
  await anHourAgo(join(dir, 'other'))

  const staging = new Staging({ dir, hostQueue: 'unused' })
  await anHourAgo(await before.fetch(objects, used, {}))
  await staging.use(used, async () => {
    await staging.fetch(objects, next, {})
    const left = [used, next].map(({ fileId, sha256: hash }) => `${fileId}-${hash}`)
    assert.deepEqual((await readdir(dir)).toSorted(), [...left, 'other'].toSorted())
  })
})

test('a full disk is named, and what nobody uses makes room for the next try', async (t) => {
  const { dir, objects, upload, staging } = await scratch(t)
  const [old, content] = [await upload('old'), await upload('There is no room for this.')]
  await anHourAgo(await staging.fetch(objects, old, {}))
  // The next one is written to a device that is always full.
  const name = randomUUID()
  const random = t.mock.method(crypto, 'randomUUID', () => name)
  await symlink('/dev/full', join(dir, `${content.fileId}-${content.sha256}.${name}`))
  await assert.rejects(staging.fetch(objects, content, {}), { code: 'DISK_FULL', message: new RegExp(`\\(${dir}\\)$`) })
  random.mock.restore()
  assert.deepEqual(await readdir(dir), [])
  assert.equal(String(await readFile(await staging.fetch(objects, content, {}))), 'There is no room for this.')
})

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
