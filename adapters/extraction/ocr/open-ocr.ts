import ms from 'ms'
import type { OcrConfig } from '../../../config.ts'
import { cleanText } from '../clean-text.ts'
import { exifOrientation } from './exif-orientation.ts'
import { readLanguage } from './language-data.ts'
import type { Look, Turn } from './tesseract-engine.ts'
import { TesseractEngine, TookTooLong, UnreadableImage } from './tesseract-engine.ts'

export interface Ocr {
  /**
   * The text in a PNG, JPEG, TIFF, BMP, GIF, WebP or PNM; empty where there is none. Blocks the thread for seconds. Rejects
   * where the picture cannot be read or takes too long, and reads the next one all the same.
   */
  recognize(image: Uint8Array): Promise<string>
  /** Gives the memory back. */
  close(): Promise<void>
}

/** Gives the recogniser, which is opened when it is needed for the first time. */
export type OpenOcr = () => Promise<Ocr>

/** A dense page takes three to four seconds; grain that passes for thousands of words takes minutes. */
const LOOK_LIMIT_MS = 30_000
/** Out of 100. Upside down a page has about 33, tilted by ten degrees about 58, and well read one over 90. */
const DOUBTFUL = 75
const TILTED_RADIANS = 0.005

/** Rejects where a language's data is missing or broken. */
export async function openOcr({ languages, dataDir }: OcrConfig): Promise<Ocr> {
  const data = new Map<string, Uint8Array>()
  for (const language of languages) data.set(language, await readLanguage(language, dataDir))
  return new TesseractOcr(data, await TesseractEngine.open(data))
}

class TesseractOcr implements Ocr {
  readonly #languages: Map<string, Uint8Array>
  #engine: TesseractEngine | undefined
  #closed = false

  constructor(languages: Map<string, Uint8Array>, engine: TesseractEngine) {
    this.#languages = languages
    this.#engine = engine
  }

  async recognize(image: Uint8Array): Promise<string> {
    if (this.#closed) throw new Error('OCR is closed')
    this.#engine ??= await TesseractEngine.open(this.#languages)
    const engine = this.#engine
    try {
      return cleanText(read(engine, image)).trim()
    } catch (cause) {
      // Whatever else went wrong inside left its memory in an unknown state. The next picture gets a new engine.
      if (!(cause instanceof UnreadableImage)) this.#engine = undefined
      throw new Error(explain(cause), { cause })
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#engine = undefined
    this.#languages.clear()
  }
}

/** Looks a second time where the first was in doubt: straightened, or turned upside down, and keeps the better reading. */
function read(engine: TesseractEngine, image: Uint8Array): string {
  const turn = { exifOrientation: exifOrientation(image), radians: 0 }
  const first = engine.look(image, turn, LOOK_LIMIT_MS)
  if (first.confidence >= DOUBTFUL || first.text.trim() === '') return first.text
  const second = engine.look(image, turnFor(first, turn), LOOK_LIMIT_MS)
  return second.confidence > first.confidence ? second.text : first.text
}

/** Exif's numbers for the same picture turned by 180 degrees. */
const UPSIDE_DOWN = [3, 3, 4, 1, 2, 7, 8, 5, 6]

const turnFor = ({ slope }: Look, { exifOrientation }: Turn): Turn =>
  Math.abs(slope) >= TILTED_RADIANS
    ? { exifOrientation, radians: slope }
    : { exifOrientation: UPSIDE_DOWN[exifOrientation] ?? 3, radians: 0 }

function explain(cause: unknown): string {
  if (cause instanceof UnreadableImage) return `The image cannot be read: ${cause.message}`
  if (cause instanceof TookTooLong) return `The image took longer than ${ms(LOOK_LIMIT_MS)}`
  return 'OCR failed'
}
