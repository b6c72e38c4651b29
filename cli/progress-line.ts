import cliProgress from 'cli-progress'
import { say } from './output.ts'

const LINE_EVERY_MS = 5_000

export type Progress = { readonly value: number; readonly total: number; readonly text: string }

/** How far something is, on stderr: a bar on a terminal, elsewhere a plain line every few seconds. Nothing before the first `show`. */
export class ProgressLine {
  readonly #quiet: boolean
  #bar: cliProgress.SingleBar | undefined
  #saidAt = Date.now()

  constructor({ quiet = false } = {}) {
    this.#quiet = quiet
  }

  show(progress: Progress): void {
    if (this.#quiet) return
    if (process.stderr.isTTY) this.#draw(progress)
    else this.#say(progress.text)
  }

  stop(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #draw({ value, total, text }: Progress): void {
    if (!this.#bar) {
      this.#bar = newBar()
      this.#bar.start(total, value, { text })
    }
    this.#bar.setTotal(total)
    this.#bar.update(value, { text })
  }

  #say(text: string): void {
    if (Date.now() - this.#saidAt < LINE_EVERY_MS) return
    this.#saidAt = Date.now()
    say(text)
  }
}

const newBar = () =>
  new cliProgress.SingleBar(
    {
      format: '{bar} {text}',
      barsize: 30,
      hideCursor: true,
      emptyOnZero: true,
      // Ctrl-C is handled where there is something to say about it.
      gracefulExit: false,
      stream: process.stderr,
    },
    cliProgress.Presets.shades_classic,
  )
