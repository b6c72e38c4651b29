import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { init } from '@embedpdf/pdfium'
import PDFDocument from 'pdfkit'

const GREY_BITMAP = 1
const GREY_SCALE = 8
const WHITE = 0xffffffff
const POINTS = 72

export type GreyPage = { readonly width: number; readonly height: number; readonly grey: Uint8Array }
type Drawing = { readonly size?: [number, number]; readonly dpi?: number; readonly fontSize?: number }

/** The text on a page, as a scanner would deliver it: one byte per pixel. */
export async function drawPage(text: string, options: Drawing = {}): Promise<GreyPage> {
  const { size = [420, 120], dpi = 200, fontSize = 12 } = options
  const document = new PDFDocument({ size, margin: 20 })
  document.fontSize(fontSize).text(text).end()
  return render(await buffer(document), size, dpi / POINTS)
}

async function render(pdf: Buffer, size: [number, number], scale: number): Promise<GreyPage> {
  const pdfium = await init({ wasmBinary: await wasm() })
  pdfium.PDFiumExt_Init()
  const heap = () => pdfium.pdfium.HEAPU8
  const bytes = pdfium.pdfium.wasmExports.malloc(pdf.length)
  heap().set(pdf, bytes)
  const page = pdfium.FPDF_LoadPage(pdfium.FPDF_LoadMemDocument(bytes, pdf.length, ''), 0)
  const [width, height] = size.map((points) => Math.round(points * scale)) as [number, number]
  const bitmap = pdfium.FPDFBitmap_CreateEx(width, height, GREY_BITMAP, 0, 0)
  pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE)
  pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, GREY_SCALE)
  const [start, stride] = [pdfium.FPDFBitmap_GetBuffer(bitmap), pdfium.FPDFBitmap_GetStride(bitmap)]
  const grey = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) grey.set(heap().subarray(start + y * stride, start + y * stride + width), y * width)
  return { width, height, grey }
}

async function wasm(): Promise<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = await readFile(
    fileURLToPath(import.meta.resolve('@embedpdf/pdfium/pdfium.wasm')),
  )
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer
}
