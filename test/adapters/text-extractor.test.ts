import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import PDFDocument from 'pdfkit'
import { extractionVersion, LIBRARIES } from '../../adapters/extraction/version.ts'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import type { ExtractionConfig } from '../../config.ts'
import type { FailureCode } from '../../domain/failure.ts'
import { Failure } from '../../domain/failure.ts'
import type { TextExtractor } from '../../domain/ports.ts'
import { drawPage } from '../support/draw-page.ts'
import { makeEndlessPdf } from '../support/endless-pdf.ts'
import { extractionConfig as config } from '../support/extraction-config.ts'
import { greyPng } from '../support/grey-png.ts'

let dir: string
let extractor: TextExtractor
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'text-extractor-'))
  extractor = new ProcessTextExtractor(config)
})
after(async () => {
  await extractor.close()
  await rm(dir, { recursive: true })
})

let written = 0
async function file(content: string | Uint8Array): Promise<string> {
  const path = join(dir, `${written++}.pdf`)
  await writeFile(path, content)
  return path
}

const read = async (content: string | Uint8Array): Promise<string> =>
  (await extractor.extract(await file(content))).pages.map(({ text }) => text).join('|')

const failsWith =
  (code: FailureCode, message = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof Failure, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    return true
  }

const failsToRead = async (content: string | Uint8Array, code: FailureCode, message?: RegExp) =>
  assert.rejects(extractor.extract(await file(content)), failsWith(code, message))

type PdfPage = { readonly content: string; readonly times?: number }

/** A PDF without a cross-reference table, which readers make themselves. A page's content is repeated, compressed. */
function pdf(...pages: PdfPage[]): Buffer {
  const kids = pages.map((_, index) => `${10 + 2 * index} 0 R`).join(' ')
  const objects = pages.flatMap(({ content, times = 1 }, index) => {
    const stream = deflateSync(Buffer.alloc(content.length * times, content), { level: 1 })
    const page = 10 + 2 * index
    return [
      `${page} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents ${page + 1} 0 R/Resources<</Font<</F 3 0 R>>>>>> endobj\n`,
      `${page + 1} 0 obj <</Length ${stream.length}/Filter/FlateDecode>> stream\n`,
      stream,
      '\nendstream endobj\n',
    ]
  })
  const parts = [
    '%PDF-1.4\n1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n',
    `2 0 obj <</Type/Pages/Kids[${kids}]/Count ${pages.length}>> endobj\n`,
    '3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj\n',
    ...objects,
    'trailer <</Root 1 0 R>>\n',
  ]
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}

const line = (text: string, y = 700): PdfPage => ({ content: `BT /F 12 Tf 72 ${y} Td (${text}) Tj ET\n` })
const endless = makeEndlessPdf()
/** Some megabytes that unpack to 300. */
const bomb = pdf({ content: ' '.repeat(1_000), times: 300_000 })

describe('types are told by content', () => {
  test('reads UTF-8, with and without a byte order mark', async () => {
    assert.equal(await read('Grüße, 世界 😀'), 'Grüße, 世界 😀')
    assert.equal(await read('\ufeffGrüße'), 'Grüße')
  })

  test('reads UTF-16 with a byte order mark', async () => {
    const littleEndian = Buffer.from('\ufeffПривет, 世界', 'utf16le')
    assert.equal(await read(littleEndian), 'Привет, 世界')
    assert.equal(await read(Buffer.from(littleEndian).swap16()), 'Привет, 世界')
  })

  test('reads Windows-1252 of a Western European language', async () => {
    assert.equal(
      await read(Buffer.from('Die Stra\xdfe f\xfchrt \xfcber den Flu\xdf \x96 f\xfcr 5 \x80', 'latin1')),
      'Die Straße führt über den Fluß – für 5 €',
    )
  })

  test('reads text that begins like a binary format', async () => {
    assert.equal(await read('BMW builds cars.'), 'BMW builds cars.')
  })

  test('reads a PDF that begins after other bytes', async () => {
    assert.equal(
      await read(Buffer.concat([Buffer.alloc(700, 'HTTP/1.1 200 OK\r\n'), pdf(line('Late start'))])),
      'Late start',
    )
  })

  test('says what it found instead', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
    await failsToRead(png, 'UNSUPPORTED_TYPE', /it is a PNG image, image\/png/)
    await failsToRead('%!PS-Adobe-3.0\n(Hello) show', 'UNSUPPORTED_TYPE', /it is a PS file/)
    await failsToRead(Buffer.from([1, 2, 0, 3]), 'UNSUPPORTED_TYPE', /no known format/)
  })

  test('reports an empty file as damaged, a blank one as without text', async () => {
    await failsToRead('', 'CORRUPT', /0 bytes/)
    await failsToRead(' \r\n\t', 'NO_TEXT')
    await failsToRead(pdf({ content: ' ' }), 'NO_TEXT')
  })
})

describe('the text', () => {
  test('has no control characters, plain line ends and composed letters', async () => {
    assert.equal(await read('a\r\nb\rc\fd\te\u001b[0m cafe\u0301'), 'a\nb\nc\nd\te[0m café')
  })

  test('has the pages of a PDF in their order, with nothing added', async () => {
    const { pages, documentType } = await extractor.extract(
      await file(pdf(line('One'), { content: '' }, line('Three'))),
    )
    assert.deepEqual(pages, [
      { number: 1, text: 'One' },
      { number: 2, text: '' },
      { number: 3, text: 'Three' },
    ])
    assert.equal(documentType, 'pdf')
  })

  test('keeps lines apart that are drawn one by one', async () => {
    const page = {
      content: line('The first line of the page.').content + line('The second line of the page.', 650).content,
    }
    assert.equal(await read(pdf(page)), 'The first line of the page.\nThe second line of the page.')
  })

  test('keeps the other pages where one is damaged, and prints nothing', async (t) => {
    const print = t.mock.method(process.stderr, 'write')
    const whole = pdf(line('One'), line('Two')).toString('latin1')
    assert.equal(await read(Buffer.from(whole.replace('12 0 R]', '99 0 R]'), 'latin1')), 'One|')
    assert.equal(print.mock.callCount(), 0)
  })
})

describe('pages without text', () => {
  const words = 'The harbour master records every vessel that enters the port before the evening tide.'
  const scan = async () => {
    const { width, height, grey } = await drawPage(words)
    const document = new PDFDocument({ size: [width / 2, height / 2], margin: 20 })
    document.text('Typed.').addPage()
    document.image(greyPng(width, height, grey), 0, 0, { width: width / 2 }).end()
    return file(await buffer(document))
  }

  test('are told, and how to have them recognised', async () => {
    await failsToRead(pdf({ content: ' ' }), 'NO_TEXT', /looks scanned.*set OCR=on/)
    const { pages } = await extractor.extract(await scan())
    assert.deepEqual(
      pages.map(({ text }) => text),
      ['Typed.', ''],
    )
  })

  test('are recognised where OCR is on, and no others', async () => {
    const own = new ProcessTextExtractor({ ...config, ocr: { languages: ['eng'], dataDir: undefined } })
    try {
      const { pages } = await own.extract(await scan())
      assert.deepEqual(
        pages.map(({ text }) => text.replace(/\s+/g, ' ')),
        ['Typed.', words],
      )
      assert.notEqual(own.version, extractor.version)
    } finally {
      await own.close()
    }
  })

  test('cannot be recognised in a language that is not installed, which is said at the start', () =>
    assert.throws(
      () => new ProcessTextExtractor({ ...config, ocr: { languages: ['tlh'], dataDir: undefined } }),
      /OCR_LANGUAGES: there is no data for "tlh"/,
    ))
})

describe('a file that goes wrong', () => {
  const withExtractor = async (
    overrides: Partial<ExtractionConfig>,
    use: (extractor: TextExtractor) => Promise<void>,
  ) => {
    const own = new ProcessTextExtractor({ ...config, ...overrides })
    try {
      await use(own)
    } finally {
      await own.close()
    }
  }
  /** Reads good files before and after the bad one, more than there are processes. */
  const amongOthers = async (own: TextExtractor, bad: string, check: (error: unknown) => boolean) => {
    const good = await file(pdf(line('Good')))
    const reading = [good, bad, good, bad, good, good].map((path) =>
      path === bad ? assert.rejects(own.extract(path), check) : own.extract(path),
    )
    for (const result of await Promise.all(reading)) if (result) assert.equal(result.pages[0]?.text, 'Good')
  }

  test('ends at the time limit with its process, and the others are read', () =>
    withExtractor({ timeoutMs: 8_000 }, async (own) => {
      await amongOthers(own, await file(endless), failsWith('EXTRACTION_TIMEOUT', /8s/))
    }))

  test('ends at the memory limit, though only its buffers grow, and the others are read', () =>
    withExtractor({ memoryMb: 250 }, async (own) => {
      await amongOthers(own, await file(bomb), failsWith('EXTRACTION_CRASHED', /250 MB/))
    }))

  test('ends when its heap is full, and the others are read', () =>
    withExtractor({ memoryMb: 250 }, async (own) => {
      const page = `<html>${'<p>x</p>'.repeat(2_000_000)}`
      await amongOthers(own, await file(page), failsWith('EXTRACTION_CRASHED', /250 MB/))
    }))

  test('is not read where it is too large for the memory', () =>
    withExtractor({ memoryMb: 150 }, async (own) => {
      await assert.rejects(
        own.extract(await file(Buffer.alloc(80_000_000, 'a'))),
        failsWith('TOO_LARGE', /76\.3 MB.*75\.0 MB/),
      )
    }))

  test('does not block the event loop', () =>
    withExtractor({ timeoutMs: 8_000 }, async (own) => {
      let reading = true
      const done = own.extract(await file(endless)).catch(() => (reading = false))
      const start = performance.now()
      let turns = 0
      for (; reading; turns++) await wait(10)
      await done
      assert.ok(turns > (performance.now() - start) / 100, `${turns} turns`)
    }))

  test('that is not there rejects as what it is', async () => {
    await assert.rejects(extractor.extract(join(dir, 'nowhere')), /ENOENT/)
  })

  test('is given up when its signal says so, in a process or before it has one', () =>
    withExtractor({ processes: 1 }, async (own) => {
      const path = await file(endless)
      const [running, waiting] = [new AbortController(), new AbortController()]
      const first = own.extract(path, { signal: running.signal })
      const second = own.extract(path, { signal: waiting.signal })
      const third = own.extract(await file('Third'))
      waiting.abort(new Error('no longer needed'))
      await assert.rejects(second, /no longer needed/)
      running.abort(new Error('cancelled'))
      await assert.rejects(first, /cancelled/)
      assert.equal((await third).pages[0]?.text, 'Third')
      await assert.rejects(own.extract(path, { signal: AbortSignal.abort(new Error('too late')) }), /too late/)
    }))

  test('ends with the extractor', async () => {
    const own = new ProcessTextExtractor(config)
    const reading = assert.rejects(own.extract(await file(endless)), /closed/)
    await setImmediate()
    await own.close()
    await reading
  })
})

test('the version changes with the libraries that are installed, and with what OCR is to read', async () => {
  const { dependencies } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  for (const [name, version] of Object.entries(LIBRARIES)) assert.equal(version, dependencies[name], name)
  const folder = join(dir, 'own-data')
  await mkdir(folder)
  await writeFile(join(folder, 'eng.traineddata'), 'other weights')
  const english = { languages: ['eng'], dataDir: undefined }
  const versions = [undefined, english, { ...english, dataDir: folder }].map((ocr) => extractionVersion({ ocr }))
  assert.equal(new Set(versions).size, versions.length)
})
