import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Embedder } from '../domain/ports.ts'

const HASH_BYTES = 20

/** Keeps vectors in a file of the folder, since a model on this machine takes minutes for all texts of a benchmark. */
export function remembering(embedder: Embedder, folder: string): Embedder {
  const { model, dimensions } = embedder
  const path = join(folder, `${model.replaceAll(/[^\w.-]+/g, '_')}-${dimensions}.vectors`)
  mkdirSync(folder, { recursive: true })
  const known = read(path, dimensions)
  return {
    ...{ model, dimensions, isSemantic: embedder.isSemantic, limits: embedder.limits },
    countTokens: (text) => embedder.countTokens(text),
    embed: async (texts, options) => {
      const missing = texts.filter((text) => !known.has(hashOf(text).toString('hex')))
      const vectors = missing.length > 0 ? await embedder.embed(missing, options) : []
      for (const [i, vector] of vectors.entries()) {
        const hash = hashOf(missing[i] ?? '')
        known.set(hash.toString('hex'), vector)
        appendFileSync(path, Buffer.concat([hash, Buffer.from(Float32Array.from(vector).buffer)]))
      }
      return texts.map((text) => known.get(hashOf(text).toString('hex')) ?? new Float32Array())
    },
  }
}

const hashOf = (text: string) => createHash('sha1').update(text).digest()

function read(path: string, dimensions: number): Map<string, Float32Array> {
  const known = new Map<string, Float32Array>()
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
  const size = HASH_BYTES + 4 * dimensions
  for (let start = 0; start + size <= bytes.length; start += size) {
    const floats = Uint8Array.from(bytes.subarray(start + HASH_BYTES, start + size))
    known.set(bytes.toString('hex', start, start + HASH_BYTES), new Float32Array(floats.buffer))
  }
  return known
}
