import { createRequire } from 'node:module'

type TesseractApi = {
  Init(dataPath: string | null, languages: string, engine: number): number
  SetVariable(name: string, value: string): boolean
  SetImageFile(exifOrientation: number, radians: number): number
  Recognize(monitor: null): number
  GetUTF8Text(): string
  MeanTextConf(): number
  GetGradient(): number
}
type TesseractCore = {
  readonly FS: { writeFile(path: string, data: Uint8Array): void; unlink(path: string): void }
  readonly TessBaseAPI: new () => TesseractApi
}
type CoreOptions = { print(line: string): void; printErr(line: string): void; TesseractProgress(percent: number): void }
type OpenCore = (options: CoreOptions) => Promise<TesseractCore>

const require = createRequire(import.meta.url)
const LSTM = 1
/** Finds columns and blocks by itself; the engine's own default takes a page for one block. */
const AUTOMATIC_LAYOUT = '3'
const INPUT = '/input'

/** How a picture is turned before it is read. */
export type Turn = { readonly exifOrientation: number; readonly radians: number }
/** Confidence from 0 to 100; lines' slope in radians. */
export type Look = { readonly text: string; readonly confidence: number; readonly slope: number }

export class UnreadableImage extends Error {
  override readonly name = 'UnreadableImage'
}
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong'
}

/** Tesseract in WebAssembly, on the caller's thread: a look blocks it, and ends with it. */
export class TesseractEngine {
  readonly #core: TesseractCore
  readonly #api: TesseractApi
  readonly #watch: Watch

  private constructor(core: TesseractCore, watch: Watch) {
    this.#core = core
    this.#api = new core.TessBaseAPI()
    this.#watch = watch
  }

  static async open(languages: ReadonlyMap<string, Uint8Array>): Promise<TesseractEngine> {
    // Chosen by name: the relaxed variant is no faster and may read differently from one machine to the next, and the one
    // without SIMD takes five times as long.
    const openCore: OpenCore = require('tesseract.js-core/tesseract-core-simd-lstm.js')
    const watch = new Watch()
    const engine = new TesseractEngine(await openCore(watch), watch)
    engine.#learn(languages)
    return engine
  }

  /** Reads an encoded picture. Throws `UnreadableImage`, or `TookTooLong`, after which the engine is not to be used. */
  look(image: Uint8Array, { exifOrientation, radians }: Turn, limitMs: number): Look {
    this.#watch.begin(limitMs)
    this.#core.FS.writeFile(INPUT, image)
    try {
      if (this.#api.SetImageFile(exifOrientation, radians) === 1) throw new UnreadableImage(this.#watch.complaint)
      this.#api.Recognize(null)
    } finally {
      this.#core.FS.unlink(INPUT)
    }
    const api = this.#api
    return { text: api.GetUTF8Text(), confidence: api.MeanTextConf(), slope: api.GetGradient() }
  }

  #learn(languages: ReadonlyMap<string, Uint8Array>): void {
    for (const [language, data] of languages) this.#core.FS.writeFile(`/${language}.traineddata`, data)
    const names = [...languages.keys()].join('+')
    if (this.#api.Init(null, names, LSTM) !== 0)
      throw new Error(`OCR cannot use the data for ${names}: ${this.#watch.complaint}`)
    this.#api.SetVariable('tessedit_pageseg_mode', AUTOMATIC_LAYOUT)
  }
}

const computedMs = () => process.cpuUsage().user / 1_000

/** What Tesseract says while it works. It would go to the process's own output. */
class Watch implements CoreOptions {
  complaint = 'it is damaged, or of a format that is not known'
  #until = Number.POSITIVE_INFINITY
  #complaints = 0

  begin(limitMs: number): void {
    this.#until = computedMs() + limitMs
    this.#complaints = 0
  }

  readonly print = (): void => {}

  // The first is nearest to the cause.
  readonly printErr = (line: string): void => {
    if (this.#complaints++ === 0) this.complaint = line
  }

  // Called word by word. An error is the only way out of a synchronous call.
  readonly TesseractProgress = (): void => {
    if (computedMs() > this.#until) throw new TookTooLong()
  }
}
