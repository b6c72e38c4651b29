import ms from 'ms'
import type { OcrConfig } from '../../../config.ts'
import { NotTheFile } from '../blame-file.ts'
import { cleanText } from '../clean-text.ts'
import { Unreadable } from '../unreadable.ts'
import { exifOrientation } from './exif-orientation.ts'
import { readLanguage } from './language-data.ts'
import type { Look, Turn } from './tesseract-engine.ts'
import { TesseractEngine, TookTooLong, UnreadableImage } from './tesseract-engine.ts'

export interface Ocr {
  /**
   * The text in a PNG, JPEG, TIFF, BMP, GIF, WebP or PNM; empty where there is none. Blocks the thread for seconds.
   * Reads the next picture, whatever became of this one. @throws Unreadable CORRUPT, EXTRACTION_TIMEOUT, EXTRACTION_CRASHED
   */
  recognize(image: Uint8Array): Promise<string>
}

/** Gives the recogniser, which is opened when it is needed for the first time. */
export type OpenOcr = () => Promise<Ocr>

/** Of computing, so that it does not depend on what else the machine does. A dense page takes three to four seconds; grain that passes for thousands of words takes minutes. */
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
  readonly #languages: ReadonlyMap<string, Uint8Array>
  #engine: TesseractEngine | undefined

  constructor(languages: ReadonlyMap<string, Uint8Array>, engine: TesseractEngine) {
    this.#languages = languages
    this.#engine = engine
  }

  async recognize(image: Uint8Array): Promise<string> {
    this.#engine ??= await TesseractEngine.open(this.#languages).catch((cause: unknown) => {
      throw new NotTheFile('OCR cannot be started', { cause })
    })
    try {
      return cleanText(read(this.#engine, image)).trim()
    } catch (cause) {
      // Whatever else went wrong inside left its memory in an unknown state. The next picture gets a new engine.
      if (!(cause instanceof UnreadableImage)) this.#engine = undefined
      throw explain(cause)
    }
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

function explain(cause: unknown): Unreadable {
  if (cause instanceof UnreadableImage)
    return new Unreadable('CORRUPT', `its picture cannot be read: ${cause.message}`, cause)
  if (cause instanceof TookTooLong)
    return new Unreadable('EXTRACTION_TIMEOUT', `a picture may take ${ms(LOOK_LIMIT_MS)} of computing`, cause)
  return new Unreadable('EXTRACTION_CRASHED', 'the recogniser broke down over its picture', cause)
}
