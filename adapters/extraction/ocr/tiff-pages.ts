const ENTRY_BYTES = 12
/** A list that leads back to itself has no end. */
const MOST = 10_000

/** How many pages a TIFF has, which scanners make; 1 for any other picture. TIFF 6.0, section 2: a list of directories. */
export function tiffPages(image: Buffer): number {
  const order = image.toString('latin1', 0, 2)
  if (order !== 'II' && order !== 'MM') return 1
  const [short, long] = order === 'II' ? [readShortLE, readLongLE] : [readShortBE, readLongBE]
  let pages = 0
  for (let directory = long(image, 4); directory > 0 && pages < MOST; pages++)
    directory = long(image, directory + 2 + short(image, directory) * ENTRY_BYTES)
  return Math.max(1, pages)
}

const holds = (image: Buffer, at: number, bytes: number) => at + bytes <= image.length
const readShortLE = (image: Buffer, at: number) => (holds(image, at, 2) ? image.readUInt16LE(at) : 0)
const readShortBE = (image: Buffer, at: number) => (holds(image, at, 2) ? image.readUInt16BE(at) : 0)
const readLongLE = (image: Buffer, at: number) => (holds(image, at, 4) ? image.readUInt32LE(at) : 0)
const readLongBE = (image: Buffer, at: number) => (holds(image, at, 4) ? image.readUInt32BE(at) : 0)
