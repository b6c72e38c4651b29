const UPRIGHT = 1
const ORIENTATION = 0x0112
const ENTRY_BYTES = 12
/** Cameras write it first. */
const BEGINS_WITHIN = 4_096

/**
 * How a JPEG is to be turned for a reader, in Exif's numbers from 1 (as it is) to 8: telephones store a page as the sensor
 * saw it. TIFF has the same tag, which image readers follow by themselves.
 */
export function exifOrientation(image: Uint8Array): number {
  const bytes = Buffer.from(image.buffer, image.byteOffset, Math.min(image.byteLength, BEGINS_WITHIN))
  const exif = bytes.indexOf('Exif\0\0', 0, 'latin1')
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8 || exif < 0) return UPRIGHT
  const orientation = readOrientation(bytes.subarray(exif + 6))
  return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT
}

/** @see https://www.cipa.jp/std/documents/e/DC-008-2012_E.pdf 4.6.2: byte order, 42, offset of the directory, its entries. */
function readOrientation(tiff: Buffer): number {
  const little = tiff.toString('latin1', 0, 2) === 'II'
  const short = (at: number) => (at + 2 > tiff.length ? 0 : little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  // Its upper half is 0 in so small a file.
  const directory = short(little ? 4 : 6)
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + entry * ENTRY_BYTES
    if (short(at) === ORIENTATION) return short(at + 8)
  }
  return UPRIGHT
}
