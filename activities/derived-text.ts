import { Readable } from 'node:stream'
import type { Page } from '../domain/chunk.ts'
import type { CallOptions, ExtractedText, FileMetadata, ObjectStore } from '../domain/ports.ts'
import { fromJsonLines, toJsonLines } from './json-lines.ts'
import { readArtefact, readUnlessDamaged } from './read-artefact.ts'

/** The first line of a derived text; the pages follow. */
export type TextHeader = FileMetadata & Pick<ExtractedText, 'pagesSkipped'>

export async function writeText(objects: ObjectStore, key: string, text: ExtractedText, options: CallOptions) {
  const { pages, ...metadata } = text
  const header: TextHeader = { ...metadata, pageCount: pages.length }
  await objects.upload(key, toJsonLines([header, ...pages]), options)
  return header
}

/** The header of a text that was extracted before; undefined where there is none that can be read. */
export async function readHeader(objects: ObjectStore, key: string, options: CallOptions) {
  if ((await objects.size(key, options)) === undefined) return undefined
  return readUnlessDamaged(async () => {
    for await (const header of fromJsonLines<TextHeader>(await objects.download(key, options))) return header
    return undefined
  }, options)
}

/** @throws Failure of `readArtefact` */
export const readPages = (objects: ObjectStore, key: string, options: CallOptions): Promise<Page[]> =>
  readArtefact(objects, key, options, async (bytes) => {
    const pages: Page[] = []
    let expected: number | undefined
    for await (const line of fromJsonLines<TextHeader | Page>(Readable.from([bytes])))
      if ('text' in line) pages.push(line)
      else expected = line.pageCount
    if (pages.length !== expected) throw new Error(`${pages.length} of ${expected} pages are there`)
    return pages
  })
