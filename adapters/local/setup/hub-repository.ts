import { networkFailure, statusFailure } from './hub-failure.ts'

/** Large files are known by their SHA-256, small ones as Git knows them. */
type Checksum = { readonly kind: 'sha256' | 'git'; readonly hex: string }

export type HubFile = {
  readonly path: string
  readonly url: string
  /** In bytes. */
  readonly size: number
  /** Undefined where a mirror does not say. */
  readonly checksum: Checksum | undefined
}

export type HubAddress = { readonly hubUrl: string; readonly repository: string; readonly revision: string }

type Answer = Pick<Response, 'status' | 'headers'>

const ANSWER_LIMIT_MS = 30_000
/** Within the hub itself; the last one leads to where the bytes are, and is not followed. */
const MOST_REDIRECTS = 5

/** A model on Hugging Face's hub, or on a mirror of it, at a revision. */
export class HubRepository {
  readonly #base: string
  readonly #signal: AbortSignal | undefined

  constructor({ hubUrl, repository, revision }: HubAddress, signal?: AbortSignal) {
    this.#base = `${hubUrl}/${repository}/resolve/${encodeURIComponent(revision)}`
    this.#signal = signal
  }

  /** @throws Error with a sentence that says what to do */
  async file(path: string): Promise<HubFile> {
    const url = `${this.#base}/${path}`
    const answer = await this.#head(url)
    if (answer.status >= 400) throw statusFailure(answer.status, url)
    return toFile(path, url, answer.headers)
  }

  /** Undefined where the model has no such file. */
  async fileIfAny(path: string): Promise<HubFile | undefined> {
    const url = `${this.#base}/${path}`
    const answer = await this.#head(url)
    if (answer.status === 404) return undefined
    if (answer.status >= 400) throw statusFailure(answer.status, url)
    return toFile(path, url, answer.headers)
  }

  /** The commit that the revision stands for. */
  async commit(path: string): Promise<string | undefined> {
    return (await this.#head(`${this.#base}/${path}`)).headers.get('x-repo-commit') ?? undefined
  }

  /** As the hub's own tools ask. What a file is stands in the answers up to the one that leads out of the hub, to its bytes. */
  async #head(url: string, redirects = MOST_REDIRECTS): Promise<Answer> {
    const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
    const { status, headers } = await fetch(url, {
      method: 'HEAD',
      redirect: 'manual',
      headers: { 'accept-encoding': 'identity' },
      signal: this.#signal ? AbortSignal.any([this.#signal, limit]) : limit,
    }).catch((cause: unknown) => {
      this.#signal?.throwIfAborted()
      throw networkFailure(cause, url)
    })
    const location = headers.get('location')
    if (!location || !isWithinHub(location) || redirects === 0) return { status, headers }
    const last = await this.#head(new URL(location, url).href, redirects - 1)
    return { status: last.status, headers: new Headers({ ...Object.fromEntries(last.headers), ...told(headers) }) }
  }
}

/** What a redirect says of the file that it leads to. */
const told = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => /^x-(linked|repo)-/.test(name)))

const isWithinHub = (location: string) => location.startsWith('/') && !location.startsWith('//')

function toFile(path: string, url: string, headers: Headers): HubFile {
  const size = Number(headers.get('x-linked-size') ?? headers.get('content-length') ?? Number.NaN)
  if (!Number.isInteger(size))
    throw new Error(`The hub does not say how large ${url} is. Is HF_ENDPOINT a mirror of it?`)
  return { path, url, size, checksum: toChecksum(headers.get('x-linked-etag') ?? headers.get('etag')) }
}

function toChecksum(etag: string | null): Checksum | undefined {
  const hex = etag?.replace(/^W\//, '').replaceAll('"', '') ?? ''
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: 'sha256', hex }
  return /^[0-9a-f]{40}$/.test(hex) ? { kind: 'git', hex } : undefined
}
