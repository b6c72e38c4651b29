/** The client sent a cursor that this API did not give out. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor'
  constructor() {
    super('The cursor is not one that this API gave out. Use next_cursor of the page before, or leave it out.')
  }
}

/** Where a page ended: the sort key of its last row. Opaque to clients. */
export const encodeCursor = (key: readonly string[]) => Buffer.from(JSON.stringify(key)).toString('base64url')

/** @throws InvalidCursor unless it holds one string for each of the patterns */
export function decodeCursor(cursor: string, patterns: readonly RegExp[]): string[] {
  const key = parse(Buffer.from(cursor, 'base64url').toString())
  const valid = Array.isArray(key) && key.length === patterns.length
  if (!valid || !key.every((part, i) => typeof part === 'string' && patterns[i]?.test(part))) throw new InvalidCursor()
  return key
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new InvalidCursor()
  }
}
