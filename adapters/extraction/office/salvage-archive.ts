import { Unzip, UnzipInflate, zipSync } from 'fflate'
import { Parser } from 'htmlparser2'
import { checkNesting } from '../nesting.ts'

/** Small enough that most of a part that breaks off is given before the place where it does. */
const STEP_BYTES = 16_384

type Part = { readonly chunks: Uint8Array[]; isWhole: boolean }

/**
 * What is there of a ZIP archive, as a new archive: for one that breaks off, and so has lost the list of its parts, which
 * stands at its end. The last part may be XML that breaks off, whose elements are closed then.
 * @returns undefined where there is nothing, or it takes more than `maxBytes`
 * @throws Unreadable TOO_LARGE where what breaks off is nested too deeply
 */
export function salvageArchive(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const parts = unzipWhatIsThere(bytes, maxBytes)
  const salvaged: Record<string, Uint8Array> = {}
  for (const [name, { chunks, isWhole }] of parts ?? []) {
    const content = Buffer.concat(chunks)
    if (isWhole) salvaged[name] = content
    else if (/\.(?:xml|rels|xhtml)$/i.test(name)) salvaged[name] = closeElements(content.toString())
  }
  return Object.keys(salvaged).length === 0 ? undefined : zipSync(salvaged, { level: 0 })
}

function unzipWhatIsThere(bytes: Uint8Array, maxBytes: number): Map<string, Part> | undefined {
  const parts = new Map<string, Part>()
  let size = 0
  const unzip = new Unzip((file) => {
    const part: Part = { chunks: [], isWhole: false }
    parts.set(file.name, part)
    file.ondata = (error, chunk, final) => {
      if (error || size > maxBytes) return
      size += chunk.length
      part.chunks.push(chunk)
      part.isWhole = final
    }
    file.start()
  })
  unzip.register(UnzipInflate)
  try {
    // Not told where the archive ends, since it would give nothing of a part that does not.
    for (let start = 0; start < bytes.length && size <= maxBytes; start += STEP_BYTES)
      unzip.push(bytes.subarray(start, start + STEP_BYTES))
  } catch {
    // Damaged from here on.
  }
  return size > maxBytes ? undefined : parts
}

function closeElements(xml: string): Uint8Array {
  const whole = xml.slice(0, xml.lastIndexOf('>') + 1)
  const open: string[] = []
  const parser = new Parser(
    { onopentag: (name) => checkNesting(open.push(name)), onclosetag: () => void open.pop() },
    { xmlMode: true },
  )
  parser.write(whole)
  return Buffer.from(
    whole +
      open
        .toReversed()
        .map((name) => `</${name}>`)
        .join(''),
  )
}
