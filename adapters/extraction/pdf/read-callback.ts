import type { Pdfium } from './pdfium.ts'

/** FPDF_FILEACCESS' `m_GetBlock`: is given a position, a buffer and how many bytes; 1 where they were read. */
type ReadBlock = (param: number, position: number, buffer: number, bytes: number) => 0 | 1

/**
 * `(module (import "e" "f" (func (param i32 i32 i32 i32) (result i32))) (export "f" (func 0)))`, which makes of a function of
 * ours one that WebAssembly can call.
 */
const BRIDGE = new WebAssembly.Module(
  Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x09, 0x01, 0x60, 0x04, 0x7f, 0x7f, 0x7f, 0x7f, 0x01, 0x7f],
    ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00],
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ]),
)

/** The place of ours in each table. A PDFium that reads many files has one at a time. */
const places = new WeakMap<WebAssembly.Table, number>()

/** Exported, but not among the types that the package declares. */
type Exports = { readonly __indirect_function_table: WebAssembly.Table }

/**
 * Where PDFium finds the function. Emscripten's own `addFunction` first makes an object of each of the 3,081 functions in
 * the table, to see whether it is one of them, and that took a quarter of the time of reading a short file.
 */
export function setReadCallback({ pdfium }: Pdfium, read: ReadBlock): number {
  const { __indirect_function_table: table } = pdfium.wasmExports as unknown as Exports
  const index = places.get(table) ?? table.grow(1)
  places.set(table, index)
  table.set(index, new WebAssembly.Instance(BRIDGE, { e: { f: read } }).exports.f)
  return index
}
