import { Readable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'

/** Values as gzipped JSON, one a line: written and read as a stream, so that a large document is never one string. */
export function toJsonLines(values: Iterable<unknown>): Readable {
  const lines = Readable.from(
    (function* () {
      for (const value of values) yield `${JSON.stringify(value)}\n`
    })(),
  )
  const gzip = createGzip({ level: 1 })
  lines.on('error', (error) => gzip.destroy(error))
  return lines.pipe(gzip)
}

export async function* fromJsonLines<T>(body: Readable): AsyncGenerator<T> {
  const gunzip = createGunzip()
  body.on('error', (error) => gunzip.destroy(error))
  try {
    for await (const line of linesOf(body.pipe(gunzip).setEncoding('utf8'))) yield JSON.parse(line) as T
  } finally {
    // Also where the reader stops early: an object store's connection is given back.
    body.destroy()
  }
}

/** Not by `readline`, for which U+2028 in a text ends a line too. */
async function* linesOf(text: AsyncIterable<string>): AsyncGenerator<string> {
  let begun: string[] = []
  for await (const piece of text) {
    const [end = '', ...more] = piece.split('\n')
    begun.push(end)
    for (const next of more) {
      yield begun.join('')
      begun = [next]
    }
  }
  if (begun.join('') !== '') yield begun.join('')
}
