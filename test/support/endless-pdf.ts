import { deflateSync } from 'node:zlib'

const TIMES = 50_000_000

/** A PDF whose page takes twenty seconds to read, in 400 MB. Readers make its cross-reference table themselves. */
export function makeEndlessPdf(): Buffer {
  const content = 'q Q\n'
  const stream = deflateSync(Buffer.alloc(content.length * TIMES, content), { level: 1 }).toString('latin1')
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>',
    `<</Length ${stream.length}/Filter/FlateDecode>> stream\n${stream}\nendstream`,
  ].map((object, index) => `${index + 1} 0 obj ${object} endobj\n`)
  return Buffer.from(`%PDF-1.4\n${objects.join('')}trailer <</Root 1 0 R>>\n`, 'latin1')
}
