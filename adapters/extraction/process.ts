/* The program of each process that reads files. It is given one file at a time, and answers with what came of it. */
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { OcrConfig } from '../../config.ts'
import { extractFile } from './extract-file.ts'
import type { Extraction, ExtractionTask } from './extraction.ts'
import type { Ocr } from './ocr/open-ocr.ts'
import type { WatchOptions } from './watch.ts'

/** What came of a task: its result, or the error that it threw. */
export type Answer = Extraction | { readonly thrown: unknown }
/** What the process says: that it can read, that it has recognised a picture, which takes seconds, and at last the answer. */
export type Message = 'ready' | 'recognized' | Answer

// pdf.js leaves rejected promises behind in files that it reads well enough; one must not end the process.
process.on('unhandledRejection', () => {})
process.on('disconnect', () => process.exit())

const [memoryMb, parent] = process.argv.slice(2).map(Number)
const options: WatchOptions = { memoryMb: memoryMb ?? 0, parent: parent ?? process.ppid }
new Worker(new URL('./watch.ts', import.meta.url), { workerData: options })

const MEGABYTE = 1_048_576
/** What a file leaves behind must not count against the next one. */
const collectAbove = process.memoryUsage.rss() + (options.memoryMb * MEGABYTE) / 2

const say = (message: Message) => void process.send?.(message)

let opened: Promise<Ocr> | undefined

function openOnce(config: OcrConfig): Promise<Ocr> {
  opened ??= import('./ocr/open-ocr.ts').then(({ openOcr }) => openOcr(config)).then(sayingSo)
  // What could not be opened now may be mended by the next file.
  opened.catch(() => {
    opened = undefined
  })
  return opened
}

const sayingSo = (ocr: Ocr): Ocr => ({
  recognize: (image) => ocr.recognize(image).finally(() => say('recognized')),
})

/** An error may hold what cannot be sent, and then no answer would come. */
const sendable = (error: unknown) =>
  Object.assign(new Error(error instanceof Error ? error.message : String(error)), { stack: inspect(error) })

process.on('message', async ({ ocr: config, ...task }: ExtractionTask) => {
  const answer = await extractFile(task, config && (() => openOnce(config))).catch((error: unknown) => ({
    thrown: sendable(error),
  }))
  say(answer)
  if (process.memoryUsage.rss() > collectAbove) globalThis.gc?.()
})

say('ready')
