import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ObjectStoreConfig } from '../../config.ts'
import { infrastructure } from '../support/infrastructure.ts'
import { Requests } from '../support/requests.ts'
import { startWorld, type World } from '../support/world.ts'

const CASES: Record<string, { objects: () => ObjectStoreConfig; says: RegExp }> = {
  'is not configured': {
    objects: () => ({ kind: 'unconfigured', missing: ['S3_BUCKET_NAME', 'S3_SECRET_KEY'] }),
    says: /S3_BUCKET_NAME and S3_SECRET_KEY/,
  },
  'refuses the credentials': {
    objects: () => ({ kind: 's3', ...infrastructure().s3, secretKey: 'wrong-secret' }),
    says: /refused/,
  },
  'does not answer': {
    objects: () => ({ kind: 's3', ...infrastructure().s3, endpoint: 'http://127.0.0.1:1' }),
    says: /did not answer/,
  },
}

for (const [what, { objects, says }] of Object.entries(CASES))
  describe(`where S3 ${what}`, () => {
    let world: World
    let api: Requests

    before(async () => {
      world = await startWorld({ objects: objects(), retryBudgetMs: 5_000 })
      api = new Requests(world.app)
    })
    after(() => world.close())

    test('an upload is answered with a placeholder, and an expert says that the bytes were not kept', async () => {
      const { status, body } = await api.sendFile('POST', '/knowledge-base/upload', 'test.txt', 'some text')
      assert.equal(status, 202)
      assert.equal(body.processing_status, 'not_stored')
      assert.equal(body.sha256, null)
      assert.equal(body.size, 9)
      assert.equal(body.s3_url, `temp://not-stored/${body.id}`)
      assert.match(String(body.warning), says)
      assert.ok(String(body.warning).includes(`PUT /knowledge-base/files/${body.id}/content`))

      const { id } = await api.createExpert([body as never])
      const { summary } = await api.until(id, 'failed')
      assert.equal(summary?.failed_files[0]?.code, 'CONTENT_NOT_STORED')
      assert.equal(summary?.failed_files[0]?.stage, 'download')
    })

    test('sending the bytes again is refused with the reason, and changes nothing', async () => {
      const { body: file } = await api.sendFile('POST', '/knowledge-base/upload', 'test.txt', 'some text')
      const { status, body } = await api.sendFile(
        'PUT',
        `/knowledge-base/files/${file.id}/content`,
        'test.txt',
        'again',
      )
      assert.ok(status === 503 || status === 502, String(status))
      assert.match(String(body.detail), says)
      assert.equal((await api.send('GET', `/knowledge-base/files/${file.id}`)).body.processing_status, 'not_stored')
    })
  })
