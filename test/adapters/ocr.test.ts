import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { toPgm } from '../../adapters/extraction/ocr/grey-image.ts'
import { findLanguage, readLanguage } from '../../adapters/extraction/ocr/language-data.ts'
import type { Ocr } from '../../adapters/extraction/ocr/open-ocr.ts'
import { openOcr } from '../../adapters/extraction/ocr/open-ocr.ts'
import { TesseractEngine, TookTooLong } from '../../adapters/extraction/ocr/tesseract-engine.ts'
import type { Unreadable } from '../../adapters/extraction/unreadable.ts'
import type { GreyPage } from '../support/draw-page.ts'
import { drawPage } from '../support/draw-page.ts'
import { greyPng } from '../support/grey-png.ts'

const SENTENCE = 'The harbour master records every vessel that enters the port before the evening tide.'
const ENGLISH = { languages: ['eng'], dataDir: undefined }

const home = process.cwd()
let dir: string
let ocr: Ocr
let page: GreyPage
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ocr-'))
  process.chdir(dir)
  ocr = await openOcr(ENGLISH)
  page = await drawPage(SENTENCE)
})
after(async () => {
  process.chdir(home)
  await rm(dir, { recursive: true })
})

const png = ({ width, height, grey }: GreyPage) => greyPng(width, height, grey)
const pgm = ({ width, height, grey }: GreyPage) => toPgm(width, height, grey)
const oneLine = (text: string) => text.replace(/\s+/g, ' ')
const reads = async (image: Uint8Array) => assert.equal(oneLine(await ocr.recognize(image)), SENTENCE)

/** Every pixel is as likely black as white: all over letters, for an engine. */
const grain = (side: number): Uint8Array => {
  let state = 1
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state % 256
  }
  return toPgm(side, side, Uint8Array.from({ length: side * side }, next))
}

describe('OCR', () => {
  test('reads the words of a rendered page', () => reads(pgm(page)))

  test('reads a PNG', () => reads(png(page)))

  test('keeps paragraphs apart', async () => {
    const two = await drawPage('First the anchor.\n\nThen the chain.')
    assert.equal(await ocr.recognize(pgm(two)), 'First the anchor.\n\nThen the chain.')
  })

  test('reads a page that was scanned upside down', () => reads(pgm({ ...page, grey: page.grey.toReversed() })))

  test('finds no text on a white page, nor on a single pixel', async () => {
    assert.equal(await ocr.recognize(toPgm(600, 800, new Uint8Array(480_000).fill(255))), '')
    assert.equal(await ocr.recognize(toPgm(1, 1, Uint8Array.of(0))), '')
  })

  const broken = {
    'no picture': () => Buffer.from('garbage'),
    'no bytes': () => Buffer.alloc(0),
    'half a PNG': () => png(page).subarray(0, 2_000),
    'half a PGM': () => pgm(page).subarray(0, 2_000),
    'a PNG that claims 60,000 pixels in both directions': () => greyPng(60_000, 60_000, Buffer.alloc(0)),
  }
  for (const [what, image] of Object.entries(broken))
    test(`rejects ${what}, and reads the next picture`, async () => {
      await assert.rejects(ocr.recognize(image()), (error: Unreadable) => {
        assert.match(error.message, /its picture cannot be read: ./)
        return error.code === 'CORRUPT'
      })
      await reads(pgm(page))
    })

  test('writes nothing to the working directory', async () => {
    assert.equal(process.cwd(), dir)
    assert.deepEqual(await readdir(dir), [])
  })

  test('gives up a picture that takes too long', async () => {
    const engine = await TesseractEngine.open(new Map([['eng', await readLanguage('eng', undefined)]]))
    assert.throws(() => engine.look(grain(700), { exifOrientation: 1, radians: 0 }, 100), TookTooLong)
  })

  test('ends with its thread, in the middle of a picture', async () => {
    const ocrUrl = JSON.stringify(import.meta.resolve('../../adapters/extraction/ocr/open-ocr.ts'))
    const code = `const { parentPort, workerData } = require('node:worker_threads')
      import(${ocrUrl}).then(async ({ openOcr }) => {
        const ocr = await openOcr({ languages: ['eng'], dataDir: undefined })
        parentPort.postMessage('reading')
        await ocr.recognize(workerData)
        parentPort.postMessage('read')
      })`
    const thread = new Worker(code, { eval: true, workerData: grain(1_500) })
    const messages: string[] = []
    const reading = Promise.withResolvers<void>()
    thread.on('message', (message) => messages.push(message) && reading.resolve())
    await reading.promise
    await thread.terminate()
    assert.deepEqual(messages, ['reading'])
  })
})

describe('Data of a language', () => {
  test('that is not installed is asked for by name', () =>
    assert.rejects(
      openOcr({ languages: ['eng', 'deu'], dataDir: undefined }),
      /OCR_LANGUAGES: there is no data for "deu"\. Run npm install @tesseract\.js-data\/deu, or set OCR_DATA_DIR/,
    ))

  test('comes from the configured folder alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ocr-data-'))
    await assert.rejects(
      openOcr({ languages: ['eng'], dataDir: folder }),
      /OCR_DATA_DIR: .* neither eng\.traineddata nor/,
    )
    await copyFile(findLanguage('eng', undefined), join(folder, 'own.traineddata.gz'))
    const own = await openOcr({ languages: ['own'], dataDir: folder })
    assert.equal(oneLine(await own.recognize(pgm(page))), SENTENCE)
    await rm(folder, { recursive: true })
  })

  test('that is broken is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ocr-data-'))
    await writeFile(join(folder, 'eng.traineddata'), 'no weights')
    await assert.rejects(openOcr({ languages: ['eng'], dataDir: folder }), /OCR cannot use the data for eng/)
    await rm(folder, { recursive: true })
  })

  test('is not looked for outside of its folder', () =>
    assert.throws(() => findLanguage('../eng', '/tmp'), /"\.\.\/eng" is no language of Tesseract/))
})
