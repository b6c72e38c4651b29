import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WrappedPdfiumModule } from '@embedpdf/pdfium'
import { init } from '@embedpdf/pdfium'
import { NotTheFile } from '../blame-file.ts'
import { Unreadable } from '../unreadable.ts'

export type Pdfium = WrappedPdfiumModule

const WASM = fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm'))
let compiled: Promise<WebAssembly.Module> | undefined

/**
 * A fresh PDFium: compiled once a process, instantiated for each file in 5 ms, so that what a hostile file does to its
 * memory ends with it, and the memory is given back.
 */
export async function startPdfium(): Promise<Pdfium> {
  compiled ??= WebAssembly.compile(readFileSync(WASM))
  const module = await compiled
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const started = init({
    instantiateWasm: (imports, done) => {
      WebAssembly.instantiate(module, imports).then(done, (cause: unknown) =>
        reject(new NotTheFile('PDFium cannot be started', { cause })),
      )
      return {}
    },
    // It reports what it makes of damaged files, and its own death, which we learn otherwise.
    print: () => {},
    printErr: () => {},
  })
  const pdfium = await Promise.race([started, failed])
  pdfium.PDFiumExt_Init()
  return pdfium
}

/** Runs `use` with so many bytes of PDFium's memory. @throws Unreadable TOO_LARGE where it has no more */
export function withMemory<T>({ pdfium }: Pdfium, bytes: number, use: (pointer: number) => T): T {
  const pointer = pdfium.wasmExports.malloc(bytes)
  if (pointer === 0) throw new Unreadable('TOO_LARGE', 'a page takes more memory than there is')
  try {
    return use(pointer)
  } finally {
    pdfium.wasmExports.free(pointer)
  }
}

/**
 * A text that PDFium writes as UTF-16 into a buffer, with a NUL behind it. Called without a buffer, `write` tells how
 * many bytes it takes.
 */
export function readText(lib: Pdfium, write: (buffer: number, bytes: number) => number): string {
  const bytes = write(0, 0)
  if (bytes <= 2) return ''
  return withMemory(lib, bytes, (buffer) => {
    write(buffer, bytes)
    return utf16At(lib, buffer, bytes / 2 - 1)
  })
}

/** So many UTF-16 code units from PDFium's memory. */
export const utf16At = ({ pdfium }: Pdfium, pointer: number, units: number): string =>
  Buffer.from(pdfium.HEAPU8.buffer, pointer, units * 2).toString('utf16le')
