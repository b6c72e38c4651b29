import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Pdfium } from './pdfium.ts'
import { setReadCallback } from './read-callback.ts'

/** PDFium reads objects one by one, from here and there; most are near the one before. */
const WINDOW_BYTES = 65_536
const NOTHING = new Uint8Array()

/** Lets PDFium read a file from the disk piece by piece, so that it is never in memory as a whole. `tail` is read behind it. */
export class FileAccess implements Disposable {
  readonly #lib: Pdfium
  readonly #file: number
  readonly #size: number
  readonly #tail: Uint8Array
  /** PDFium's `FPDF_FILEACCESS`: the length of the file, a function that reads from it, and what that function is given. */
  readonly pointer: number
  readonly #window = Buffer.alloc(WINDOW_BYTES)
  #windowStart = 0
  #windowEnd = 0

  constructor(lib: Pdfium, path: string, tail: Uint8Array = NOTHING) {
    this.#lib = lib
    this.#tail = tail
    this.#file = openSync(path, 'r')
    this.#size = fstatSync(this.#file).size
    const { pdfium } = lib
    const readBlock = setReadCallback(lib, (_param, position, buffer, bytes) =>
      this.#read(position >>> 0, buffer, bytes) ? 1 : 0,
    )
    this.pointer = pdfium.wasmExports.malloc(12)
    pdfium.setValue(this.pointer, this.#size + tail.length, 'i32')
    pdfium.setValue(this.pointer + 4, readBlock, 'i32')
    pdfium.setValue(this.pointer + 8, 0, 'i32')
  }

  /** Leaves PDFium's memory alone: it is put back as a whole, and cannot be relied on after a trap. */
  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  #read(position: number, buffer: number, bytes: number): boolean {
    const { HEAPU8 } = this.#lib.pdfium
    if (bytes > WINDOW_BYTES / 2) return this.#readAt(HEAPU8, buffer, bytes, position) === bytes
    if (position < this.#windowStart || position + bytes > this.#windowEnd) this.#moveWindow(position)
    const start = position - this.#windowStart
    if (start + bytes > this.#windowEnd - this.#windowStart) return false
    HEAPU8.set(this.#window.subarray(start, start + bytes), buffer)
    return true
  }

  /** To where `position` has a quarter of the window before it, since PDFium also looks backwards. */
  #moveWindow(position: number): void {
    this.#windowStart = Math.max(0, position - WINDOW_BYTES / 4)
    this.#windowEnd = this.#windowStart + this.#readAt(this.#window, 0, WINDOW_BYTES, this.#windowStart)
  }

  #readAt(into: Uint8Array, offset: number, bytes: number, position: number): number {
    const read = position < this.#size ? readSync(this.#file, into, offset, bytes, position) : 0
    const start = position + read - this.#size
    if (start < 0) return read
    const tail = this.#tail.subarray(start, start + bytes - read)
    into.set(tail, offset + read)
    return read + tail.length
  }
}
