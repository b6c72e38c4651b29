import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { docx, epub, pptx, xlsx } from '../support/archives.ts'
import { makePdf } from '../support/pdf.ts'
import type { ExpertFileJson, FileJson } from '../support/requests.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const shape = (text: string) => `<p:sp><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sp>`
const row = (text: string) => `<row r="1"><c r="A1" t="inlineStr"><is><t>${text}</t></is></c></row>`
const paragraph = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`
const sentence = 'The harbour master writes down every vessel that enters the port before the evening tide. '
const pages = Array.from({ length: 6 }, (_, index) => `Page ${index + 1}. ${sentence.repeat(40)}`)

describe('files of every kind', () => {
  let world: World
  let api: Requests
  before(async () => {
    world = await startWorld()
    api = new Requests(world.app)
  })
  after(() => world.close())

  const fileAfterwards = async ({ id }: FileJson) => (await api.send('GET', `/knowledge-base/files/${id}`)).body

  test('say what they are, and what is in them, once they are indexed', async () => {
    const report = docx({ title: 'Annual report', author: 'Ada Lovelace', body: paragraph(sentence) })
    const letter = Buffer.from(
      'Die Stra\xdfe f\xfchrt \xfcber den Flu\xdf, und jenseits davon liegt das Dorf.',
      'latin1',
    )
    const [word, text] = [await api.upload('report.pdf', report), await api.upload('letter', letter)]
    await api.until((await api.createExpert([word, text])).id, 'ready')
    const { title, author, document_type, language, word_count, page_count } = await fileAfterwards(word)
    assert.deepEqual(
      { title, author, document_type, language, word_count, page_count },
      {
        title: 'Annual report',
        author: 'Ada Lovelace',
        document_type: 'docx',
        language: 'en',
        word_count: 15,
        page_count: 1,
      },
    )
    const told = await fileAfterwards(text)
    assert.deepEqual([told.document_type, told.language, told.word_count, told.title], ['text', 'de', 12, null])
  })

  test('that break off are indexed as far as they go, and counted', async () => {
    const whole = await makePdf(pages)
    const file = await api.upload('half.pdf', whole.subarray(0, whole.length * 0.6))
    const expert = await api.until((await api.createExpert([file])).id, 'ready')
    assert.ok((expert.summary?.totals.pages_skipped ?? 0) >= 1)
    const [listed] = (await api.send('GET', `/experts/${expert.id}/files`)).body.items as ExpertFileJson[]
    assert.equal(listed?.pages_skipped, expert.summary?.totals.pages_skipped)
    const [found] = await api.search(expert.id, 'Page 2. The harbour master')
    assert.deepEqual([found?.file_name, found?.page_start], ['half.pdf', 2])
  })

  test('are cited by slide, by sheet and by heading', async () => {
    const slides = pptx({
      slides: [{ shapes: shape(sentence.repeat(3)) }, { shapes: shape('Show the bronze anchor now') }],
    })
    const book = epub({
      title: 'The Tide',
      chapters: [`<h1>Ebb</h1><p>${sentence.repeat(18)}</p>`, '<h1>Flood</h1><p>Herons return at dusk.</p>'],
    })
    const prices = xlsx({
      sheets: [
        { name: 'Old', rows: row(sentence.repeat(3)) },
        { name: 'New', rows: row('Hawser of hemp') },
      ],
    })
    const files = [await api.upload('a', slides), await api.upload('b', book), await api.upload('c', prices)]
    const { id } = await api.until((await api.createExpert(files)).id, 'ready')
    const first = async (query: string) => (await api.search(id, query))[0]
    assert.equal((await first('bronze anchor'))?.page_start, 2)
    assert.equal((await first('Hawser of hemp'))?.page_start, 2)
    assert.deepEqual((await first('Herons at dusk'))?.heading_path, ['Flood'])
  })
})
