import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'

const { resolve } = createRequire(import.meta.url)
/** Weights as whole numbers: as good as `4.0.0`, which adds the engine before neural networks to it. */
const VARIANT = '4.0.0_best_int'

/**
 * The file with a language's trained data, in the folder where one is given, else in the language's npm package. Never
 * fetched. Throws an `Error` that says what to do where there is none.
 */
export function findLanguage(language: string, dataDir: string | undefined): string {
  // It becomes a part of paths.
  if (!/^\w+$/.test(language)) throw new Error(`OCR_LANGUAGES: "${language}" is no language of Tesseract, such as eng`)
  const places = dataDir === undefined ? inPackage(language) : [`${language}.traineddata`, `${language}.traineddata.gz`]
  const file = places.map((place) => join(dataDir ?? '', place)).find((path) => existsSync(path))
  if (file === undefined) throw new Error(missing(language, dataDir))
  return file
}

export async function readLanguage(language: string, dataDir: string | undefined): Promise<Uint8Array> {
  const data = await readFile(findLanguage(language, dataDir))
  return data[0] === 0x1f && data[1] === 0x8b ? promisify(gunzip)(data) : data
}

const packageOf = (language: string) => `@tesseract.js-data/${language}`

function inPackage(language: string): string[] {
  try {
    return [join(dirname(resolve(`${packageOf(language)}/package.json`)), VARIANT, `${language}.traineddata.gz`)]
  } catch {
    return []
  }
}

const missing = (language: string, dataDir: string | undefined) =>
  dataDir === undefined
    ? `OCR_LANGUAGES: there is no data for "${language}". Run npm install ${packageOf(language)}, or set OCR_DATA_DIR to a folder that holds ${language}.traineddata`
    : `OCR_DATA_DIR: ${dataDir} holds neither ${language}.traineddata nor ${language}.traineddata.gz, which OCR_LANGUAGES asks for`
