import type { ExtractionConfig } from '../../config.ts'

/** Limits that no good file of a test comes near. */
export const extractionConfig: ExtractionConfig = {
  processes: 2,
  timeoutMs: 60_000,
  memoryMb: 512,
  maxPages: 10_000,
  maxCharacters: 60_000_000,
  ocr: undefined,
}
