import type { Pooling } from './model-folder.ts'
import type { Tensor } from './transformers.ts'

/** The vector of a text, of length 1, from those of its tokens: a tensor of 1 × tokens × dimensions. */
export function pool({ data, dims }: Tensor, pooling: Pooling): Float32Array {
  const [, tokens = 0, dimensions = 0] = dims
  return normalized(
    pooling === 'mean' ? average(data, dimensions) : row(data, pooling === 'cls' ? 0 : tokens - 1, dimensions),
  )
}

const row = (data: Float32Array, index: number, dimensions: number) =>
  data.slice(index * dimensions, (index + 1) * dimensions)

/** Or rather their sum, since only the direction counts. */
function average(data: Float32Array, dimensions: number): Float32Array {
  const sum = new Float32Array(dimensions)
  for (let start = 0; start < data.length; start += dimensions)
    for (let i = 0; i < dimensions; i++) sum[i] = (sum[i] ?? 0) + (data[start + i] ?? 0)
  return sum
}

function normalized(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  // Of weights that are damaged, or overflow; such a vector would be kept, and found by nothing.
  if (!Number.isFinite(length) || length === 0) throw new Error('the model gives no numbers for a text')
  return vector.map((value) => value / length)
}
