import type { Stage } from '../domain/failure.ts'
import type { FileContext } from '../domain/ports.ts'

/*
 * What travels between the stages of one file, and so through the workflow's history: ids, keys and counts.
 * Each stage adds to what it was given, so that the next one needs nothing else, even if the file's row has changed meanwhile.
 */

export type FileRef = FileContext & { readonly name: string }

type Seconds<S extends Stage> = { readonly seconds: Readonly<Record<S, number>> }

export type StagedFile = FileRef &
  Seconds<'download'> & {
    readonly s3Key: string
    readonly sha256: string
    /** The task queue of the worker that holds the bytes. */
    readonly hostQueue: string
  }

export type ExtractedFile = FileRef &
  Seconds<'download' | 'extract'> & {
    readonly sha256: string
    readonly textKey: string
    readonly pages: number
    readonly pagesSkipped: number
  }

export type EmbeddedFile = FileRef &
  Seconds<'download' | 'extract' | 'embed'> & {
    /** The generation whose model they are embedded with; absent in what an older worker began. */
    readonly generation?: number | undefined
    /** Where chunks and vectors are, `parts` objects of them. */
    readonly prefix: string
    readonly parts: number
    readonly pages: number
    readonly pagesSkipped: number
    readonly chunks: number
    readonly tokens: number
    readonly tokensReused: number
  }
