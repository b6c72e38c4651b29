import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WrappedPdfiumModule } from '@embedpdf/pdfium'
import { init } from '@embedpdf/pdfium'
import { NotTheFile } from '../blame-file.ts'
import { Unreadable } from '../unreadable.ts'

export type Pdfium = WrappedPdfiumModule

const WASM = fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm'))
/** What is larger has grown with its file, and never shrinks. */
const MOST_BYTES_KEPT = 67_108_864

/** `pristine`: its memory as it was before the first file, without the zeros at its end. */
type Instance = { readonly lib: Pdfium; readonly pristine: Uint8Array }

let compiled: Promise<WebAssembly.Module> | undefined
let idle: Instance | undefined

/**
 * Lends a PDFium that knows of no other file: a new one, which takes 8 ms of processor time, or one whose memory was put
 * back to what it was at first, which takes 1 ms. All that a file can change is in there, so what a hostile one does to it
 * ends with it.
 */
export async function withPdfium<T>(use: (lib: Pdfium) => T | Promise<T>): Promise<T> {
  const instance = idle ?? (await instantiate())
  idle = undefined
  const result = await use(instance.lib)
  // Not after an error: where PDFium breaks down, its stack is left as it was then.
  if (instance.lib.pdfium.HEAPU8.length <= MOST_BYTES_KEPT) idle = reset(instance)
  return result
}

function reset({ lib, pristine }: Instance): Instance {
  lib.pdfium.HEAPU8.set(pristine)
  lib.pdfium.HEAPU8.fill(0, pristine.length)
  return { lib, pristine }
}

async function instantiate(): Promise<Instance> {
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
  const lib = await Promise.race([started, failed])
  lib.PDFiumExt_Init()
  const memory = lib.pdfium.HEAPU8
  return { lib, pristine: memory.slice(0, memory.findLastIndex((byte) => byte !== 0) + 1) }
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
