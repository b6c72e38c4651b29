import { openAsBlob } from 'node:fs'
import { basename } from 'node:path'

/** Multipart form data that is read from disk while it is sent, so that memory does not grow with the file. */
export async function fileBody(path: string, onBytes: (sent: number) => void = () => undefined) {
  const form = new FormData()
  form.append('file', await openAsBlob(path), basename(path))
  const { body, headers } = new Response(form)
  if (!body) throw new Error('a form has a body')
  let sent = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      sent += chunk.byteLength
      onBytes(sent)
      controller.enqueue(chunk)
    },
  })
  return { stream: body.pipeThrough(counter), contentType: headers.get('content-type') ?? '' }
}
