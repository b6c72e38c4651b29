import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'

/** `size` in bytes, `sha256` in lower-case hexadecimal. */
export type Measured = { readonly size: number; readonly sha256: string }

/** Passes bytes through and measures them. */
export class Meter extends Transform {
  readonly #hash = createHash('sha256')
  readonly #onBytes: ((bytes: number) => void) | undefined
  #size = 0

  /** `onBytes` is told how many bytes there were so far; what it throws ends the stream. */
  constructor(onBytes?: (bytes: number) => void) {
    super()
    this.#onBytes = onBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: Error | null, chunk?: Buffer) => void) {
    this.#size += chunk.length
    try {
      this.#onBytes?.(this.#size)
    } catch (error) {
      return done(error as Error)
    }
    this.#hash.update(chunk)
    done(null, chunk)
  }

  /** Once all bytes have passed. */
  measured(): Measured {
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }
}
