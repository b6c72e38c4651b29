import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const REPOSITORY = 'test/all-MiniLM-L6-v2'

type Range = { readonly start: number; readonly end: number }

/** What the hub does with files of a model: small ones it sends itself, of large ones it tells where they are. */
export class HubServer {
  readonly repository = REPOSITORY
  readonly #server = createServer((request, response) => this.#serve(request, response))
  #files: ReadonlyMap<string, Buffer>
  #commit = COMMIT
  /** `GET path bytes=…` */
  readonly requests: string[] = []
  #url = ''
  readonly #etags = new Map<string, string>()
  #breaks: { times: number; after: number } = { times: 0, after: 0 }
  #knowsRanges = true
  #refuseAfter = Number.POSITIVE_INFINITY

  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = files
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this.#url
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Every branch is at that commit now. */
  push(commit: string, files: ReadonlyMap<string, Buffer>): void {
    this.#commit = commit
    this.#files = files
  }

  /** The connection breaks so many times, after so many bytes of a large file. */
  breakOff(times: number, after: number): void {
    this.#breaks = { times, after }
  }

  /** After so many requests for large files it answers 503. */
  refuseAfter(requests: number): void {
    this.#refuseAfter = requests
  }

  heal(): void {
    this.#refuseAfter = Number.POSITIVE_INFINITY
    this.#breaks.times = 0
  }

  /** Says that a large file has another content than it sends. */
  misstate(path: string): void {
    this.#etags.set(path, 'f'.repeat(64))
  }

  /** Sends all of a file, whatever part is asked for. */
  forgetRanges(): void {
    this.#knowsRanges = false
  }

  /** Of large files: from where on they were asked for. */
  get ranges(): string[] {
    return this.requests.filter((each) => each.startsWith('GET /storage/')).map((each) => each.split(' ')[2] ?? '')
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', this.#url)
    this.requests.push(`${request.method} ${pathname} ${request.headers.range ?? 'whole'}`)
    const resolved = /^\/(?<repository>[^/]+\/[^/]+)\/resolve\/[^/]+\/(?<path>.+)$/.exec(pathname)?.groups
    const [, where, path = ''] = /^\/(cache|storage)\/(.+)$/.exec(pathname) ?? []
    const content = this.#files.get(resolved?.path ?? path)
    // 401: so it hides what is private.
    if (resolved && resolved.repository !== REPOSITORY) this.#refuse(401, 'RepoNotFound', response)
    else if (!content) this.#refuse(404, 'EntryNotFound', response)
    else if (where === 'storage' && this.ranges.length > this.#refuseAfter) response.writeHead(503).end()
    else if (resolved) this.#redirect(resolved.path ?? '', content, response)
    else this.#send(content, where === 'storage' ? request : undefined, request.method === 'HEAD', response)
  }

  #redirect(path: string, content: Buffer, response: ServerResponse): void {
    const isLarge = path.endsWith('.onnx')
    response.writeHead(isLarge ? 302 : 307, {
      'x-repo-commit': this.#commit,
      'x-linked-size': content.length,
      'x-linked-etag': `"${this.#etags.get(path) ?? checksumOf(content, isLarge)}"`,
      location: isLarge ? `${this.#url}/storage/${path}` : `/cache/${path}`,
    })
    response.end()
  }

  #refuse(status: number, code: string, response: ServerResponse): void {
    response.writeHead(status, { 'x-error-code': code }).end()
  }

  #send(content: Buffer, request: IncomingMessage | undefined, isHead: boolean, response: ServerResponse): void {
    const range = this.#knowsRanges ? toRange(request?.headers.range, content.length) : undefined
    const bytes = range ? content.subarray(range.start, range.end + 1) : content
    const contentRange = range && { 'content-range': `bytes ${range.start}-${range.end}/${content.length}` }
    response.writeHead(range ? 206 : 200, { 'content-length': bytes.length, ...contentRange })
    if (isHead) response.end()
    else if (!request || this.#breaks.times === 0) response.end(bytes)
    else {
      this.#breaks.times--
      response.write(bytes.subarray(0, this.#breaks.after), () => setImmediate(() => response.destroy()))
    }
  }
}

function toRange(header: string | undefined, size: number): Range | undefined {
  const start = /^bytes=(?<start>\d+)-$/.exec(header ?? '')?.groups?.start
  return start === undefined ? undefined : { start: Number(start), end: size - 1 }
}

/** As the hub names contents: large ones by their SHA-256, others as Git does. */
function checksumOf(content: Buffer, isLarge: boolean): string {
  if (isLarge) return createHash('sha256').update(content).digest('hex')
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}
