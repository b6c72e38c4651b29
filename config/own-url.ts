import { isIPv6 } from 'node:net'
import type { Reader } from './reader.ts'

export type Listening = { readonly host: string; readonly port: number }

export const listening = (from: Reader): Listening => ({
  host: from.text('HOST', '127.0.0.1'),
  port: from.port('PORT', 8000),
})

const EVERY_ADDRESS = ['0.0.0.0', '::']

/** Where this machine reaches the API, whatever stands before it for others. */
export function ownUrl({ host, port }: Listening): string {
  if (EVERY_ADDRESS.includes(host)) return `http://127.0.0.1:${port}`
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
}
