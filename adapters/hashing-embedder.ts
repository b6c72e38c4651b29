import type { Embedder } from '../domain/ports.ts'
import { words } from '../domain/words.ts'
import { countTokens } from './tokenizer.ts'

/** A pair says more than each of its words, yet is rarer. */
const PAIR_WEIGHT = 0.7

/**
 * Embeds without a model: signed feature hashing of words and word pairs, with dampened frequencies, L2-normalised
 * (Weinberger et al., «Feature Hashing for Large Scale Multitask Learning», 2009).
 *
 * It is lexical, not semantic: it finds the same words, not the same meaning. Its use is to try the product, and to test it,
 * without an account or a model.
 */
export class HashingEmbedder implements Embedder {
  readonly model = 'hashing-v1'
  readonly isSemantic = false
  readonly dimensions: number
  readonly limits = { inputs: 1_000, tokensPerInput: 100_000, tokensPerCall: 1_000_000 }
  readonly countTokens = countTokens

  constructor({ dimensions }: { dimensions: number }) {
    this.dimensions = dimensions
  }

  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    return texts.map((text) => this.#embedOne(text))
  }

  #embedOne(text: string): Float32Array {
    const vector = new Float32Array(this.dimensions)
    for (const [feature, weight] of features(text)) {
      const hash = fnv1a(feature)
      // Buckets by the low bits and the sign by the highest one, so that collisions cancel out on average.
      const bucket = (hash & 0x7fffffff) % this.dimensions
      vector[bucket] = (vector[bucket] ?? 0) + (hash >>> 31 ? weight : -weight)
    }
    return normalize(vector)
  }
}

function features(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1)
  let previous: string | undefined
  for (const word of words(text)) {
    add(word)
    if (previous !== undefined) add(`${previous} ${word}`)
    previous = word
  }
  for (const [feature, count] of counts)
    counts.set(feature, Math.sqrt(count) * (feature.includes(' ') ? PAIR_WEIGHT : 1))
  return counts
}

/** FNV-1a, 32 bits, with the finaliser of MurmurHash3, since FNV's high bits are weak on short words. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** To length 1; a text without a word points along the first axis, so that it is a vector all the same. */
function normalize(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  if (length === 0) vector[0] = 1
  else for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length
  return vector
}
