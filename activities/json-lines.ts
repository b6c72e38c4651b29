import { createInterface } from 'node:readline'
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
    for await (const line of createInterface({ input: body.pipe(gunzip), crlfDelay: Number.POSITIVE_INFINITY })) {
      yield JSON.parse(line) as T
    }
  } finally {
    // Also where the reader stops early: an object store's connection is given back.
    body.destroy()
  }
}
