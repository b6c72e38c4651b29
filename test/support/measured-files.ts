import { statSync } from 'node:fs'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { countTokens } from '../../adapters/tokenizer.ts'
import { chunkPages } from '../../domain/chunking.ts'
import type { FileFacts } from '../../domain/estimate.ts'
import { Failure } from '../../domain/failure.ts'
import type { ExtractedText } from '../../domain/ports.ts'
import type { CorpusFile } from './corpus.ts'
import { corpusFiles, corpusPath } from './corpus.ts'
import { extractionConfig } from './extraction-config.ts'

/** What a file of the corpus really takes; nothing where it cannot be read. */
export type MeasuredFile = {
  readonly name: string
  readonly bytes: number
  readonly tokens: number
  readonly words: number
  readonly language: string | null
}

/** As the configuration has it by default. */
const CHUNKS = { maxTokens: 400, overlapTokens: 80, countTokens }

export async function measureCorpus(isWanted: (file: CorpusFile) => boolean): Promise<MeasuredFile[]> {
  const pool = new ProcessTextExtractor(extractionConfig)
  try {
    return await Promise.all(corpusFiles.filter(isWanted).map(({ file }) => measure(pool, file)))
  } finally {
    await pool.close()
  }
}

async function measure(pool: ProcessTextExtractor, name: string): Promise<MeasuredFile> {
  const file = { name, bytes: statSync(corpusPath(name)).size }
  try {
    const text = await pool.extract(corpusPath(name))
    return { ...file, tokens: tokensIn(text), words: text.wordCount, language: text.language }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { ...file, tokens: 0, words: 0, language: null }
  }
}

const tokensIn = ({ pages }: ExtractedText) =>
  chunkPages(pages, CHUNKS).reduce((total, { tokens }) => total + tokens, 0)

/** What the database knows of it right after its upload. */
export const factsOf = ({ name, bytes }: Pick<MeasuredFile, 'name' | 'bytes'>): FileFacts => ({
  id: name,
  originalName: name,
  size: bytes,
  type: 'application/octet-stream',
  sha256: name,
  processingStatus: 'uploaded',
  wordCount: null,
  language: null,
  tokens: null,
  isEmbedded: false,
  mayBeEmbedded: false,
  isCountedAlike: true,
  failedBy: null,
})
