import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('a file of which something that was derived is lost', () => {
  let world: World
  let api: Requests

  before(async () => {
    world = await startWorld()
    api = new Requests(world.app)
  })
  after(() => world.close())

  /** The keys of what was derived of a file that an expert has indexed. */
  async function derivedOf(file: FileJson): Promise<{ text: string; part: string; manifest: string }> {
    await api.until((await api.createExpert([file])).id, 'ready')
    const keys = await Array.fromAsync(world.objects.list(`derived/${file.sha256}/`), ({ key }) => key)
    const find = (pattern: RegExp) => keys.find((key) => pattern.test(key)) ?? assert.fail(`${pattern} in ${keys}`)
    return { text: find(/text-/), part: find(/part-00000/), manifest: find(/manifest/) }
  }

  async function assertIndexedAgain(file: FileJson): Promise<void> {
    const { id } = await api.createExpert([file])
    const { summary } = await api.until(id, 'ready', 'failed')
    assert.deepEqual(summary?.failed_files, [])
    const [found] = await api.search(id, 'tide')
    assert.equal(found?.file_id, file.id)
  }

  /** Half of the object, which is all that is there, also when it is asked for its size. */
  async function damage(key: string): Promise<void> {
    const bytes = Buffer.concat(await (await world.objects.download(key)).toArray())
    await world.objects.upload(key, bytes.subarray(0, bytes.length / 2))
  }

  test('is embedded again, where a part is gone and the manifest that tells of it is not', async () => {
    const file = await api.upload('part.txt', 'The tide takes a part.')
    await world.objects.delete((await derivedOf(file)).part)
    await assertIndexedAgain(file)
  })

  test('is embedded again, where a part is damaged', async () => {
    const file = await api.upload('damaged-part.txt', 'The tide damages a part.')
    await damage((await derivedOf(file)).part)
    await assertIndexedAgain(file)
  })

  test('is embedded again, where the manifest is damaged', async () => {
    const file = await api.upload('damaged-manifest.txt', 'The tide damages a manifest.')
    await damage((await derivedOf(file)).manifest)
    await assertIndexedAgain(file)
  })

  test('is read again, where the text is damaged', async () => {
    const file = await api.upload('damaged-text.txt', 'The tide damages a text.')
    const { text, manifest } = await derivedOf(file)
    await damage(text)
    await world.objects.delete(manifest)
    await assertIndexedAgain(file)
  })

  test('is read again, where nothing is left of the text but its name', async () => {
    const file = await api.upload('empty-text.txt', 'The tide empties a text.')
    const { text, manifest } = await derivedOf(file)
    await world.objects.upload(text, Buffer.alloc(0))
    await world.objects.delete(manifest)
    await assertIndexedAgain(file)
  })

  test('is read again, where pages are missing of a text that is a good archive', async () => {
    const file = await api.upload('short-text.txt', 'The tide shortens a text.')
    const { text, manifest } = await derivedOf(file)
    const lines = gunzipSync(Buffer.concat(await (await world.objects.download(text)).toArray()))
      .toString()
      .split('\n')
    await world.objects.upload(text, gzipSync(`${lines[0]}\n`))
    await world.objects.delete(manifest)
    await assertIndexedAgain(file)
  })
})
