/** A picture of one byte per pixel, row by row from the top, as a binary PGM: the smallest header that image readers know. */
export function toPgm(width: number, height: number, grey: Uint8Array): Uint8Array {
  const size = width * height
  if (grey.length !== size) throw new RangeError(`${width} × ${height} pixels take ${size} bytes, not ${grey.length}`)
  const header = new TextEncoder().encode(`P5\n${width} ${height}\n255\n`)
  const pgm = new Uint8Array(header.length + size)
  pgm.set(header)
  pgm.set(grey, header.length)
  return pgm
}
