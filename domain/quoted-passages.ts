/** A passage as it is put before the model. */
export type QuotedPassage = {
  readonly fileName: string
  readonly pageStart: number
  readonly pageEnd: number
  readonly headingPath: readonly string[]
  readonly text: string
}

/**
 * What JSON leaves as it is, although it could end the block, look like a model's own marks (`<|im_end|>`), or hide something
 * from people that models read: angle brackets, controls, invisible and unassigned characters.
 */
const DANGEROUS = /[<>\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

const escaped = (character: string) =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')

/** A line of JSON, which holds neither an angle bracket nor a line break, whatever the passage says. */
export function quoted({ fileName, pageStart, pageEnd, headingPath, text }: QuotedPassage, marker: number): string {
  const pages = pageStart === pageEnd ? `${pageStart}` : `${pageStart}-${pageEnd}`
  return JSON.stringify({ marker, file: fileName, pages, headings: headingPath, text }).replaceAll(DANGEROUS, escaped)
}

/** Passages marked as data: each stands in a line of its own between two marks that none of them can hold. */
export const quotedPassages = (lines: readonly string[]): string => `<passages>\n${lines.join('\n')}\n</passages>`
