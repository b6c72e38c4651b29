/** Where a declaration must stand to be heard (HTML standard, 13.2.3.2). */
const LOOKED_AT = 1_024
const XML = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w:.-]+)["']/
const HTML = /<meta[^>]+charset\s*=\s*["']?\s*([\w:.-]+)/i

/** The encoding that XML or a page of HTML says it is in. */
export function declaredEncoding(bytes: Uint8Array): string | undefined {
  const beginning = Buffer.from(bytes.subarray(0, LOOKED_AT)).toString('latin1')
  return (XML.exec(beginning) ?? HTML.exec(beginning))?.[1]
}
