import { unzipSync } from 'fflate'
import type { ExtractionLimits } from '../extraction.ts'
import { MAX_PARTS, maxBytes, moreThan, unpacksToMore } from '../limits.ts'
import { Unreadable } from '../unreadable.ts'

/** Parts of an archive by their names in small letters, since writers do not agree with themselves. */
export type Parts = ReadonlyMap<string, Uint8Array>

/** The parts whose names match. @throws Unreadable TOO_LARGE, CORRUPT */
export function unpack(archive: Uint8Array, wanted: RegExp, limits: ExtractionLimits): Parts {
  let parts = 0
  let size = 0
  // No part gives more than the size it declares: that is how much it is given room for.
  const filter = ({ name, originalSize }: { name: string; originalSize: number }) => {
    if (++parts > MAX_PARTS) throw new Unreadable('TOO_LARGE', moreThan(MAX_PARTS, 'parts'))
    if (!wanted.test(name)) return false
    size += originalSize
    if (size > maxBytes(limits)) throw new Unreadable('TOO_LARGE', unpacksToMore(limits))
    return true
  }
  try {
    return new Map(Object.entries(unzipSync(archive, { filter })).map(([name, part]) => [name.toLowerCase(), part]))
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable('CORRUPT', undefined, error)
  }
}
