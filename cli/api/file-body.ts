import { constants, createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename } from 'node:path'

/**
 * Multipart form data whose file is read from disk as fast as it is sent, so that memory does not grow with it.
 * The stream throws a DOMException, as that of a blob would, which cannot be taken for an error of the network.
 */
export async function fileBody(path: string, onBytes: (sent: number) => void = () => undefined) {
  await access(path, constants.R_OK)
  const form = new FormData()
  form.append('file', new Blob([]), basename(path))
  const empty = new Response(form)
  const contentType = empty.headers.get('content-type') ?? ''
  const frame = await empty.text()
  const start = frame.indexOf('\r\n\r\n') + 4
  return { contentType, stream: framed(frame.slice(0, start), path, frame.slice(start), onBytes) }
}

async function* framed(head: string, path: string, tail: string, onBytes: (sent: number) => void) {
  yield Buffer.from(head)
  let sent = 0
  for await (const chunk of chunksOf(path)) {
    yield chunk
    sent += chunk.byteLength
    onBytes(sent)
  }
  yield Buffer.from(tail)
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>
  } catch (error) {
    throw new DOMException(error instanceof Error ? error.message : String(error), 'NotReadableError')
  }
}
