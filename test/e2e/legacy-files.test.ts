import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { LegacyFile } from '../support/legacy-files.ts'
import { createLegacyDatabase, legacyFile, runMigrations, sha256, takeOver } from '../support/legacy-files.ts'
import { makePdf } from '../support/pdf.ts'
import type { FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

describe('files that an older product left in the database', () => {
  let world: World
  let api: Requests
  let pdf: LegacyFile
  let note: LegacyFile
  let spare: LegacyFile
  const large = legacyFile('large.bin', randomBytes(9_000_000))

  before(async () => {
    pdf = legacyFile('tides.pdf', await makePdf(['The tide gauge reads 4.2 metres.', 'Sensors are calibrated yearly.']))
    note = legacyFile('notes.txt', 'Buoys drift when their anchors are too light.')
    spare = legacyFile('spare.txt', 'Not needed any more.')
    world = await startWorld({ database: await takeOver([pdf, note, spare, large]) })
    api = new Requests(world.app)
  })
  after(() => world.close())

  const download = (id: string) => world.app.inject(`/knowledge-base/files/${id}/content`)

  test('are downloaded byte by byte, piece by piece', async () => {
    for (const { id, content } of [note, large]) {
      const { statusCode, rawPayload } = await download(id)
      assert.equal(statusCode, 200)
      assert.ok(rawPayload.equals(content))
    }
  })

  test('are indexed beside new uploads, found by search, and have their checksum from then on', async () => {
    const upload = await api.upload('upload.txt', 'A new upload goes to the object store.')
    const { id } = await api.createExpert([{ id: pdf.id }, { id: note.id }, upload] as FileJson[])
    const expert = await api.until(id, 'ready')

    assert.equal(expert.progress.indexed, 3)
    const [best] = await api.search(id, 'tide gauge reads')
    assert.equal(best?.file_name, 'tides.pdf')
    assert.equal((await api.search(id, 'buoys drift anchors'))[0]?.file_name, 'notes.txt')
    const { body } = await api.send('GET', `/knowledge-base/files/${pdf.id}`)
    assert.equal(body.sha256, sha256(pdf.content))
    assert.equal(body.processing_status, 'processed')
    assert.equal(upload.s3_key.split('/')[0], 'uploads')
    assert.deepEqual(await contentsOf(world, upload.id, pdf.id), { [upload.id]: null, [pdf.id]: pdf.content })
  })

  test('take new content, which is kept in the object store, and give up the old', async () => {
    const { status, body } = await api.sendFile(
      'PUT',
      `/knowledge-base/files/${spare.id}/content`,
      'spare.txt',
      'Needed again.',
    )
    assert.equal(status, 200)
    assert.match(String(body.s3_key), /^uploads\//)
    assert.deepEqual(await contentsOf(world, spare.id), { [spare.id]: null })
    assert.equal((await download(spare.id)).body, 'Needed again.')
  })

  test('are read from their object where they have one, though its checksum is not known yet', async () => {
    const content = Buffer.from('Lanterns are lit at dusk.')
    await world.objects.upload('old/lanterns.txt', content)
    await world.database.pool.query(
      `update files set s3_key = 'old/lanterns.txt', s3_url = 'url', sha256 = null, content = null, size = $2 where id = $1`,
      [spare.id, content.length],
    )
    const { id } = await api.createExpert([{ id: spare.id }] as FileJson[])
    await api.until(id, 'ready')
    assert.equal((await api.search(id, 'lanterns at dusk'))[0]?.text, String(content))
    const { body } = await api.send('GET', `/knowledge-base/files/${spare.id}`)
    assert.equal(body.sha256, sha256(content))
  })

  test('are deleted with their content', async () => {
    const { status } = await api.send('DELETE', `/knowledge-base/files/${large.id}`)
    assert.equal(status, 204)
    assert.equal((await download(large.id)).statusCode, 404)
    assert.deepEqual(await contentsOf(world, large.id), {})
  })
})

test('a text that an older product kept is read as the UTF-8 that it stands for', async (t) => {
  const database = await createLegacyDatabase('text')
  const { id, content } = legacyFile('Öl.txt', `${'Die Höhe des Öls im Tank. '.repeat(300_000)}Schluß.`)
  await database.pool.query(
    `insert into files (id, name, original_name, size, content, checked_by) values ($1, 'a', 'a', 7, $2, 'x')`,
    [id, String(content)],
  )
  await runMigrations(database)
  const world = await startWorld({ database, workers: false })
  t.after(() => world.close())
  const { rawPayload } = await world.app.inject(`/knowledge-base/files/${id}/content`)
  assert.ok(rawPayload.equals(content))
})

async function contentsOf({ database }: World, ...ids: string[]): Promise<Record<string, Buffer | null>> {
  const { rows } = await database.pool.query<{ id: string; content: Buffer | null }>(
    'select id, content from files where id = any ($1::uuid[])',
    [ids],
  )
  return Object.fromEntries(rows.map(({ id, content }) => [id, content]))
}
