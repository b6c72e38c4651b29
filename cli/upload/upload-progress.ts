import { bytes } from '../output.ts'
import { Pace } from '../pace.ts'
import type { Progress } from '../progress-line.ts'
import type { LocalFile } from './collect-files.ts'

/** Counts what is sent. A file that failed, or is sent, counts with its whole size. */
export class UploadProgress {
  readonly #total: number
  readonly #files: number
  readonly #pace = new Pace()
  readonly #sent = new Map<string, number>()
  #sum = 0
  #ended = 0
  #failed = 0

  constructor(files: readonly LocalFile[]) {
    this.#files = files.length
    this.#total = files.reduce((sum, { size }) => sum + size, 0)
  }

  /** The form around a file is not counted. A repeat begins anew. */
  sent({ path, size }: LocalFile, count: number): void {
    const now = Math.min(count, size)
    this.#sum += now - (this.#sent.get(path) ?? 0)
    this.#sent.set(path, now)
  }

  ended(file: LocalFile, isFailed: boolean): void {
    this.sent(file, file.size)
    this.#sent.delete(file.path)
    this.#ended++
    if (isFailed) this.#failed++
  }

  now(): Progress {
    const failed = this.#failed > 0 ? ` · ${this.#failed} failed` : ''
    const text = `${bytes(this.#sum)} of ${bytes(this.#total)} · ${this.#ended}/${this.#files} files${failed}${this.#pace.of(this.#sum, this.#total)}`
    return { value: this.#sum, total: this.#total, text }
  }
}
