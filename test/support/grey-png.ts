import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])

/** A PNG of one byte per pixel. Its header claims the size, however many pixels there are. */
export function greyPng(width: number, height: number, grey: Uint8Array): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header[8] = 8
  const data = deflateSync(filtered(width, grey))
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))])
}

/** Each row begins with the number of its filter: none. */
function filtered(width: number, grey: Uint8Array): Buffer {
  const rows: Uint8Array[] = []
  for (let at = 0; at < grey.length; at += width) rows.push(Uint8Array.of(0), grey.subarray(at, at + width))
  return Buffer.concat(rows)
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
