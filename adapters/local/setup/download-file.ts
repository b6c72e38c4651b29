import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { networkFailure, statusFailure } from './hub-failure.ts'
import type { HubFile } from './hub-repository.ts'
import { faultOf, isThere } from './verify-file.ts'

export type DownloadOptions = {
  /** Bytes of this file that are here by now. */
  readonly onProgress: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/** A connection that brings nothing for so long is as good as broken. */
const SILENCE_MS = 30_000
/** In a row that brought nothing. */
const ATTEMPTS = 4
const FIRST_DELAY_MS = 500

/** Worth another attempt. */
class Broken extends Error {}

/**
 * Downloads to `path`, which appears only when it is whole and right. What is there of an earlier attempt is kept and gone on from.
 * @throws Error with a sentence that says what to do
 */
export async function downloadFile(file: HubFile, path: string, options: DownloadOptions): Promise<void> {
  if ((await isThere(path)) && !(await faultOf(path, file))) return options.onProgress(file.size)
  const part = `${path}.part`
  await mkdir(dirname(path), { recursive: true })
  await fill(part, file, options)
  const fault = await faultOf(part, file)
  if (fault) {
    await rm(part, { force: true })
    throw new Error(
      `${file.url} did not arrive as it is: ${fault}. Something on the way changes files, or the mirror has another one. Try again, or from elsewhere (HF_ENDPOINT).`,
    )
  }
  await rename(part, path)
}

async function fill(part: string, file: HubFile, options: DownloadOptions): Promise<void> {
  const target = await open(part, 'a+')
  try {
    for (let attempt = 1, best = -1; ; attempt++) {
      const before = (await target.stat()).size
      // Beginning anew is no progress.
      if (before > best) attempt = 1
      best = Math.max(best, before)
      try {
        if (before !== file.size) await append(target, before < file.size ? before : 0, file, options)
        return
      } catch (error) {
        options.signal?.throwIfAborted()
        if (!(error instanceof Broken) || attempt === ATTEMPTS) throw error instanceof Broken ? error.cause : error
        await delay(FIRST_DELAY_MS * 2 ** (attempt - 1), undefined, { signal: options.signal })
      }
    }
  } finally {
    await target.close()
  }
}

/** Goes on at `from`, or at the beginning where the server sends all of it. */
async function append(target: FileHandle, from: number, { url }: HubFile, options: DownloadOptions): Promise<void> {
  using silence = new Silence(options.signal)
  const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) }
  const answer = await fetch(url, { headers, signal: silence.signal }).catch((cause: unknown) => {
    throw new Broken('', { cause: networkFailure(cause, url) })
  })
  if (!answer.ok || !answer.body) throw refusal(answer.status, url)
  let bytes = answer.status === 206 ? from : 0
  await target.truncate(bytes)
  for (const chunks = answer.body[Symbol.asyncIterator](); ; ) {
    const { value, done } = await chunks.next().catch((cause: unknown) => {
      throw new Broken('', { cause: networkFailure(cause, url) })
    })
    if (done || !value) return
    silence.isOver()
    await write(target, value)
    bytes += value.length
    options.onProgress(bytes)
  }
}

function refusal(status: number, url: string): Error {
  const failure = statusFailure(status, url)
  return status >= 500 || status === 408 || status === 429 ? new Broken('', { cause: failure }) : failure
}

async function write(target: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    await target.appendFile(bytes)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause
    throw new Error(
      `The disk is full (${message}). Make room, or set LOCAL_EMBEDDINGS_DIR to a folder on another disk.`,
      {
        cause,
      },
    )
  }
}

/** Ends a request that has gone silent. */
class Silence implements Disposable {
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal
    this.#timer = setTimeout(() => this.#controller.abort(new Error('no data came')), SILENCE_MS)
  }

  isOver(): void {
    this.#timer.refresh()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
