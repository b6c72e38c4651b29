import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { DirectUploadJson, PartJson } from '../../api/direct-upload-schemas.ts'
import type { Requests } from './requests.ts'

export const sha256Of = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** Begins a direct upload of this content; `promised` tells otherwise. */
export async function beginUpload(api: Requests, content: Buffer, promised: object = {}): Promise<DirectUploadJson> {
  const file = { original_name: 'large.bin', size: content.length, type: 'text/plain', sha256: sha256Of(content) }
  const { status, body } = await api.send('POST', '/knowledge-base/uploads', { ...file, ...promised })
  assert.equal(status, 201, JSON.stringify(body))
  return body as DirectUploadJson
}

/** Sends a part as a client does, who has nothing but the answer. @returns status and error of the store */
export async function sendPart({ method, url, headers, offset, size }: PartJson, content: Buffer) {
  const body = new Uint8Array(content.subarray(offset, offset + size))
  const response = await fetch(url, { method, headers, body })
  const code = /<Code>(?<code>\w+)<\/Code>/.exec(await response.text())?.groups?.code
  return { status: response.status, code }
}

export async function sendParts({ parts }: Pick<DirectUploadJson, 'parts'>, content: Buffer): Promise<void> {
  for (const part of parts.items) assert.equal((await sendPart(part, content)).status, 200)
}
