import type { Page } from '../domain/chunk.ts'
import type { CallOptions, ExtractedText, FileMetadata, ObjectStore } from '../domain/ports.ts'
import { downloadArtefact } from './download-artefact.ts'
import { fromJsonLines, toJsonLines } from './json-lines.ts'

/** The first line of a derived text; the pages follow. */
export type TextHeader = FileMetadata & Pick<ExtractedText, 'pagesSkipped'>

export async function writeText(objects: ObjectStore, key: string, text: ExtractedText, options: CallOptions) {
  const { pages, ...metadata } = text
  const header: TextHeader = { ...metadata, pageCount: pages.length }
  await objects.upload(key, toJsonLines([header, ...pages]), options)
  return header
}

/** The header of a text that was extracted before, or undefined. */
export async function readHeader(objects: ObjectStore, key: string, options: CallOptions) {
  if ((await objects.size(key, options)) === undefined) return undefined
  for await (const header of fromJsonLines<TextHeader>(await objects.download(key, options))) return header
  return undefined
}

export async function readPages(objects: ObjectStore, key: string, options: CallOptions): Promise<Page[]> {
  const lines = fromJsonLines<TextHeader | Page>(await downloadArtefact(objects, key, options))
  const pages: Page[] = []
  for await (const line of lines) if ('text' in line) pages.push(line)
  return pages
}
