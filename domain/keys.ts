import { createHash } from 'node:crypto'

/** Where an uploaded file's bytes are kept. Each upload has a key of its own, so that new content never overwrites old. */
export const originalKey = (userId: string, fileId: string, uploadId: string) =>
  `uploads/${userId}/${fileId}/${uploadId}`

/** Everything that was derived from some content. */
export const derivedFolder = (sha256: string) => `derived/${sha256}/`
/** The folders of what we store. An object elsewhere is not ours: a bucket may be shared. */
export const OBJECT_FOLDERS = ['uploads/', 'derived/'] as const

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const ORIGINAL_KEY = new RegExp(`^uploads/${UUID}/${UUID}/${UUID}$`)
const DERIVED_KEY = /^derived\/(?<sha256>[0-9a-f]{64})\/./
const NAMESPACE = new RegExp(`^(?<expertId>${UUID})\\.(?<generation>[1-9]\\d{0,8})$`)

export const isOriginalKey = (key: string) => ORIGINAL_KEY.test(key)

/** The checksum of the content that an object was derived from; undefined for other objects. */
export const derivedFrom = (key: string): string | undefined => DERIVED_KEY.exec(key)?.groups?.sha256

/** Where each installation that uses an object store leaves its mark. */
export const INSTALLATIONS = 'installations/'
export const installationKey = (installationId: string) => `${INSTALLATIONS}${installationId}`
const DATABASE = 'database/'

/** Stands for the bytes of a file that an older product kept in the database: they are not in the object store yet. */
export const databaseKey = (fileId: string) => `${DATABASE}${fileId}`

export const isDatabaseKey = (key: string) => key.startsWith(DATABASE)

/** The id in a `databaseKey`. */
export const fileIdIn = (key: string) => key.slice(DATABASE.length)

/** The extracted text of some content: the same bytes read by the same extractor share it, whoever uploaded them. */
export const textKey = (sha256: string, extractorVersion: string) =>
  `derived/${sha256}/text-${extractorVersion}.jsonl.gz`

const TEXT_KEY = /\/text-(?<version>[^/]+)\.jsonl\.gz$/

/** The version of the extractor that made the text under a `textKey`. */
export function extractorVersionIn(key: string): string {
  const version = TEXT_KEY.exec(key)?.groups?.version
  if (version === undefined) throw new Error(`${key} is not the key of a text`)
  return version
}

export type EmbeddingRecipe = {
  readonly extractorVersion: string
  readonly chunkerVersion: string
  readonly model: string
  readonly dimensions: number
}

/** Raised whenever parts are written otherwise than before. */
const PART_FORMAT = 2

/** The folder of chunks and vectors of some content made by one recipe. */
export const embeddingsPrefix = (sha256: string, recipe: EmbeddingRecipe) => `derived/${sha256}/${recipeName(recipe)}`

/** The name of the recipe in an `embeddingsPrefix`. */
export const recipeIn = (prefix: string) => prefix.slice(prefix.lastIndexOf('/') + 1)

/** At most 100 characters. A model's name may hold anything, so it is hashed too. */
export function recipeName({ extractorVersion, chunkerVersion, model, dimensions }: EmbeddingRecipe): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([model, extractorVersion, chunkerVersion, PART_FORMAT]))
    .digest('hex')
  return `${recipeStem(model, dimensions)}${digest.slice(0, 12)}`
}

/** How the names of all recipes of a model begin; hardly any other's do. */
export const recipeStem = (model: string, dimensions: number) =>
  `${model.replaceAll(/[^A-Za-z0-9.-]+/g, '_').slice(0, 60)}-${dimensions}-`

const EMBEDDINGS_KEY = /^derived\/[0-9a-f]{64}\/(?<recipe>[^/]+)\/./

/** The recipe by which what is under this key was embedded; undefined where it is something else. */
export const recipeOfKey = (key: string): string | undefined => EMBEDDINGS_KEY.exec(key)?.groups?.recipe

export const embeddingsPartKey = (prefix: string, part: number) =>
  `${prefix}/part-${String(part).padStart(5, '0')}.chunks`

/** Written last, when every part is there. */
export const embeddingsManifestKey = (prefix: string) => `${prefix}/manifest.json`

/** One namespace of vectors per expert and generation. */
export const vectorNamespace = (expertId: string, generation: number) => `${expertId}.${generation}`

export type ExpertNamespace = { readonly name: string; readonly expertId: string; readonly generation: number }

/** What a namespace is for; undefined where it is not one of ours. */
export function parseVectorNamespace(name: string): ExpertNamespace | undefined {
  const { expertId, generation } = NAMESPACE.exec(name)?.groups ?? {}
  return expertId && generation ? { name, expertId, generation: Number(generation) } : undefined
}

export const chunkId = (fileId: string, chunkIndex: number) => `${chunkIdPrefix(fileId)}${chunkIndex}`

/** How the ids of all chunks of a file begin. */
export const chunkIdPrefix = (fileId: string) => `${fileId}#`
