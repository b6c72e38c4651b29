import { availableParallelism } from 'node:os'
import type { Reader } from './reader.ts'

export type OcrConfig = {
  /** In Tesseract's names, such as `eng`; the first weighs most. */
  readonly languages: readonly string[]
  /** Holds `<language>.traineddata` or `<language>.traineddata.gz`; where there is none, npm packages do. */
  readonly dataDir: string | undefined
}

/** What one file may take, and how many are read at a time. */
export type ExtractionConfig = {
  readonly processes: number
  readonly timeoutMs: number
  /** Beyond what the process takes by itself. */
  readonly memoryMb: number
  readonly maxPages: number
  /** In UTF-16 code units. */
  readonly maxCharacters: number
  /** Undefined where pictures are not recognised. */
  readonly ocr: OcrConfig | undefined
}

export function extraction(from: Reader): ExtractionConfig {
  return {
    processes: from.integer('EXTRACTION_PROCESSES', availableParallelism(), { min: 1, max: 256 }),
    timeoutMs: from.duration('EXTRACTION_TIMEOUT', '2m'),
    memoryMb: from.integer('EXTRACTION_MEMORY_MB', 1_024, { min: 128, max: 65_536 }),
    maxPages: from.integer('EXTRACTION_MAX_PAGES', 20_000, { min: 1, max: 1_000_000 }),
    maxCharacters: from.integer('EXTRACTION_MAX_CHARACTERS', 100_000_000, { min: 1_000, max: 500_000_000 }),
    ocr: ocr(from),
  }
}

function ocr(from: Reader): OcrConfig | undefined {
  if (from.oneOf('OCR', ['on', 'off'], 'off') === 'off') return undefined
  const languages = [
    ...new Set(
      from
        .text('OCR_LANGUAGES', 'eng')
        .split(/[\s,+]+/)
        .filter(Boolean),
    ),
  ]
  return { languages, dataDir: from.optional('OCR_DATA_DIR') ? from.path('OCR_DATA_DIR', '') : undefined }
}
