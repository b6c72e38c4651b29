/**
 * `npm run bench:upload [-- --megabytes 1024]`: one large file, by presigned parts and through POST /knowledge-base/upload, with the
 * API in a process of its own before a real S3 server (versitygw). Says how long each took, and what memory the API took for it; ends
 * with 1 where that was more than 200 MB.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { DirectUploadJson, PartJson } from '../api/direct-upload-schemas.ts'
import { startPostgresServer } from '../stack/postgres-server.ts'
import { startS3Server } from '../stack/s3-server.ts'
import { waitFor } from '../stack/wait-for.ts'
import { freePort } from '../test/support/free-port.ts'
import { processEnvironment } from '../test/support/process-environment.ts'

const { values: options } = parseArgs({ options: { megabytes: { type: 'string', default: '1024' } } })
const MEGABYTE = 1_048_576
const SIZE = Number(options.megabytes) * MEGABYTE
const PARTS_AT_ONCE = 4
/** Of the API's memory over its start, whatever the size of the file: twice of what is measured. */
const MOST_MEGABYTES = 200
const ROOT = join(import.meta.dirname, '..')
const print = (line: string) => process.stdout.write(`${line}\n`)

/** The file: each megabyte is another one, and none of it is kept. */
function* content(offset = 0, size = SIZE): Generator<Buffer> {
  for (let at = offset; at < offset + size; at += MEGABYTE) {
    const block = Buffer.alloc(Math.min(MEGABYTE, offset + size - at), 'The tide takes a part. ')
    block.writeUInt32BE(at / MEGABYTE, 0)
    yield block
  }
}

async function startApi(dir: string) {
  const postgres = resources.adopt(
    await startPostgresServer({ dir: join(dir, 'postgres'), port: await freePort() }),
    (each) => each.close(),
  )
  const keys = { accessKeyId: 'bench', secretKey: 'bench-secret-key', bucket: 'bench-upload' }
  const s3 = resources.adopt(await startS3Server({ dir: join(dir, 's3'), port: await freePort(), ...keys }), (each) =>
    each.close(),
  )
  const port = await freePort()
  const env = processEnvironment({
    DATABASE_URL: postgres.url,
    DATA_DIR: dir,
    PORT: String(port),
    OBJECT_STORE: 's3',
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET_NAME: keys.bucket,
    S3_ACCESS_KEY_ID: keys.accessKeyId,
    S3_SECRET_KEY: keys.secretKey,
    S3_REGION: 'us-east-1',
    MAX_UPLOAD_MB: String(SIZE / MEGABYTE),
  })
  const api = spawn(process.execPath, ['api/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] })
  resources.defer(async () => {
    api.kill('SIGTERM')
    await once(api, 'exit')
  })
  const url = `http://127.0.0.1:${port}`
  const died = once(api, 'exit').then(([code, signal]) => `ended with ${signal ?? code}`)
  await waitFor(
    () =>
      fetch(`${url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    died,
    'the API',
  )
  return { url, pid: api.pid ?? 0 }
}

/** A request with a body that is made while it is sent. @throws where the answer is no success */
async function send<T>(method: string, url: string, headers: Record<string, string>, body: Readable): Promise<T> {
  const sending = request(url, { method, headers })
  const [[response]] = await Promise.all([once(sending, 'response'), pipeline(body, sending)])
  if (response.statusCode >= 300) throw new Error(`${method}: ${response.statusCode} ${await response.toArray()}`)
  return (response.headers['content-type']?.includes('json') ? json(response) : response.resume()) as Promise<T>
}

const sendPart = ({ url, headers, offset, size }: PartJson) =>
  send('PUT', url, headers, Readable.from(content(offset, size)))

async function uploadDirectly(sha256: string): Promise<{ sha256: string }> {
  const base = `${api.url}/knowledge-base/uploads`
  const file = { original_name: 'large.bin', size: SIZE, sha256 }
  const headers = { 'content-type': 'application/json' }
  let upload = await send<DirectUploadJson>('POST', base, headers, Readable.from([JSON.stringify(file)]))
  while (upload.parts.items.length > 0) {
    const parts = upload.parts.items.values()
    await Promise.all(
      Array.from({ length: PARTS_AT_ONCE }, async () => {
        for (const part of parts) await sendPart(part)
      }),
    )
    upload = (await (await fetch(`${base}/${upload.id}`)).json()) as DirectUploadJson
  }
  const sent = performance.now()
  const made = await send<{ sha256: string }>('POST', `${base}/${upload.id}/complete`, {}, Readable.from([]))
  print(`  of it to complete, which reads the file: ${((performance.now() - sent) / 1_000).toFixed(1)} s`)
  return made
}

async function uploadThroughApi(): Promise<{ sha256: string }> {
  const head = '--b\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
  const body = function* () {
    yield Buffer.from(head)
    yield* content()
    yield Buffer.from('\r\n--b--\r\n')
  }
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  return send('POST', `${api.url}/knowledge-base/upload`, headers, Readable.from(body()))
}

const statusOf = async (name: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(await readFile(`/proc/${api.pid}/status`, 'utf8'))?.[1]) / 1_024

async function measure(what: string, sha256: string, upload: () => Promise<{ sha256: string }>): Promise<void> {
  const start = performance.now()
  const made = await upload()
  const seconds = (performance.now() - start) / 1_000
  if (made.sha256 !== sha256) throw new Error(`the file has SHA-256 ${made.sha256}, not ${sha256}`)
  const [peak, now] = [await statusOf('VmHWM'), await statusOf('VmRSS')]
  print(
    `${what}: ${SIZE / MEGABYTE} MB in ${seconds.toFixed(1)} s, ${(SIZE / MEGABYTE / seconds).toFixed(0)} MB/s; API: peak ${peak.toFixed(0)} MB, ${(peak - atStart).toFixed(0)} over its start; now ${now.toFixed(0)} MB`,
  )
  if (peak - atStart <= MOST_MEGABYTES) return
  print(`${what}: the API took more than ${MOST_MEGABYTES} MB over its start`)
  process.exitCode = 1
}

await using resources = new AsyncDisposableStack()
const dir = await mkdtemp(join(tmpdir(), 'bench-upload-'))
resources.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
// Postgres runs as another user than root, and must be able to enter.
await chmod(dir, 0o755)
const api = await startApi(dir)
const hash = createHash('sha256')
for (const block of content()) hash.update(block)
const sha256 = hash.digest('hex')
const atStart = await statusOf('VmRSS')
print(`API at its start: ${atStart.toFixed(0)} MB`)
await measure('direct upload', sha256, () => uploadDirectly(sha256))
await measure('POST /knowledge-base/upload', sha256, uploadThroughApi)
