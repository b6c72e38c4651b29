import { strFromU8, unzipSync } from 'fflate'
import { Parser } from 'htmlparser2'

const WORKBOOK = 'xl/workbook.xml'
/** Memory is taken for as many bytes as an archive says that a part has. */
const LARGEST = 10_000_000

/** The names of a workbook's sheets as a person sees them from left to right: officeparser has them in the order of the archive. */
export function sheetNames(workbook: Uint8Array): string[] {
  const names: string[] = []
  const parser = new Parser(
    { onopentag: (tag, { name }) => void (/^(?:\w+:)?sheet$/.test(tag) && name !== undefined && names.push(name)) },
    { xmlMode: true },
  )
  parser.end(
    strFromU8(
      unzipSync(workbook, { filter: ({ name, originalSize }) => name === WORKBOOK && originalSize <= LARGEST })[
        WORKBOOK
      ] ?? new Uint8Array(),
    ),
  )
  return names
}
