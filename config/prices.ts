import type { Reader } from './reader.ts'

/** US dollars per million tokens, as OpenAI publishes them. */
const PRICES = {
  'text-embedding-3-small': 0.02,
  'text-embedding-3-large': 0.13,
  'text-embedding-ada-002': 0.1,
  'hashing-v1': 0,
}

/** The same of what chats read, and of what they write. What services take less for, since it is cached, is not known here. */
const CHAT_PRICES: Record<string, ChatPrice> = {
  'gpt-5.4-mini': { prompt: 0.75, completion: 4.5 },
  'gpt-5': { prompt: 1.25, completion: 10 },
  'gpt-5-mini': { prompt: 0.25, completion: 2 },
  'gpt-5-nano': { prompt: 0.05, completion: 0.4 },
  'gpt-4.1': { prompt: 2, completion: 8 },
  'gpt-4.1-mini': { prompt: 0.4, completion: 1.6 },
  'gpt-4.1-nano': { prompt: 0.1, completion: 0.4 },
  'gpt-4o': { prompt: 2.5, completion: 10 },
  'gpt-4o-mini': { prompt: 0.15, completion: 0.6 },
}

type ChatPrice = { readonly prompt: number; readonly completion: number }

/** `name=number`, separated by commas; over those that are known. */
export function prices(from: Reader): Record<string, number> {
  const expected = 'a name and a number, such as my-model=0.05'
  return { ...PRICES, ...named(from, 'EMBEDDING_PRICES', expected, toPrice) }
}

/** `name=number/number`, in the same way. */
export function chatPrices(from: Reader): Record<string, ChatPrice> {
  const expected = 'a name and the prices of what is read and written, such as my-model=0.75/4.50'
  return { ...CHAT_PRICES, ...named(from, 'CHAT_PRICES', expected, toChatPrice) }
}

function named<T>(from: Reader, variable: string, expected: string, parse: (text: string) => T | undefined) {
  const given = from.list(variable).flatMap((entry): [string, T][] => {
    const at = entry.lastIndexOf('=')
    const value = at > 0 ? parse(entry.slice(at + 1)) : undefined
    if (value !== undefined) return [[entry.slice(0, at), value]]
    from.fault(variable, entry, expected)
    return []
  })
  return Object.fromEntries(given)
}

function toPrice(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return number >= 0 && number < 1_000_000 ? number : undefined
}

function toChatPrice(text: string): ChatPrice | undefined {
  const [prompt, completion, ...more] = text.split('/').map(toPrice)
  return prompt === undefined || completion === undefined || more.length > 0 ? undefined : { prompt, completion }
}
