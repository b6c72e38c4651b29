import { Unzip, UnzipInflate, zipSync } from 'fflate'

/**
 * The parts of a ZIP archive that are there as a whole, as a new archive: for one that breaks off, and so has lost the list of
 * its parts, which stands at its end. @returns undefined where no part is whole, or they take more than `maxBytes`
 */
export function salvageArchive(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const parts: Record<string, Uint8Array> = {}
  let size = 0
  const unzip = new Unzip((part) => {
    const chunks: Uint8Array[] = []
    part.ondata = (error, chunk, final) => {
      if (error || size > maxBytes) return
      size += chunk.length
      chunks.push(chunk)
      if (final) parts[part.name] = Buffer.concat(chunks)
    }
    part.start()
  })
  unzip.register(UnzipInflate)
  try {
    unzip.push(bytes, true)
  } catch {
    // It says so where the archive ends too early, which is why we are here.
  }
  return size > maxBytes || Object.keys(parts).length === 0 ? undefined : zipSync(parts, { level: 0 })
}
