import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractFile } from '../../adapters/extraction/extract-file.ts'
import type { ExtractionLimits } from '../../adapters/extraction/extraction.ts'
import type { FailureCode } from '../../domain/failure.ts'
import type { ExtractedText } from '../../domain/ports.ts'
import { extractionConfig } from './extraction-config.ts'

type Content = string | Uint8Array

async function extract(content: Content, limits: Partial<ExtractionLimits>) {
  const dir = await mkdtemp(join(tmpdir(), 'extract-'))
  try {
    const path = join(dir, 'misnamed.pdf')
    await writeFile(path, content)
    return await extractFile({ path, limits: { ...extractionConfig, ...limits } })
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** What is read from a file with this content, and a name that says nothing of it. */
export async function extracted(content: Content, limits: Partial<ExtractionLimits> = {}): Promise<ExtractedText> {
  const extraction = await extract(content, limits)
  if ('code' in extraction) assert.fail(`${extraction.code} (${extraction.detail}): ${extraction.cause}`)
  return extraction
}

/** The texts of its pages. */
export const pageTexts = async (content: Content): Promise<string[]> =>
  (await extracted(content)).pages.map(({ text }) => text)

/** Fails unless the file is refused with this code, and a detail for a person that matches. */
export async function isRefused(
  content: Content,
  code: FailureCode,
  detail = /^/,
  limits: Partial<ExtractionLimits> = {},
): Promise<void> {
  const extraction = await extract(content, limits)
  if (!('code' in extraction)) assert.fail(`it is read: ${JSON.stringify(extraction.pages).slice(0, 200)}`)
  assert.equal(extraction.code, code, String(extraction.detail ?? extraction.cause))
  assert.match(extraction.detail ?? '', detail)
}
