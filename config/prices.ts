import type { Reader } from './reader.ts'

/** US dollars per million tokens, as OpenAI publishes them. */
const PRICES = {
  'text-embedding-3-small': 0.02,
  'text-embedding-3-large': 0.13,
  'text-embedding-ada-002': 0.1,
  'hashing-v1': 0,
}

/** `name=number`, separated by commas; over those that are known. */
export function prices(from: Reader): Record<string, number> {
  const name = 'EMBEDDING_PRICES'
  const given = from.list(name).map((entry) => {
    const at = entry.lastIndexOf('=')
    const number = at > 0 && entry.length > at + 1 ? Number(entry.slice(at + 1)) : Number.NaN
    if (!(number >= 0 && number < 1_000_000)) from.fault(name, entry, 'a name and a number, such as my-model=0.05')
    return [entry.slice(0, at), number] as const
  })
  return { ...PRICES, ...Object.fromEntries(given) }
}
