import { listening, ownUrl } from './own-url.ts'
import type { Reader } from './reader.ts'

export type ClientConfig = { readonly url: string; readonly apiKey: string | undefined }

export const client = (from: Reader): ClientConfig => ({
  url: from.url('API_URL') ?? ownUrl(listening(from)),
  apiKey: from.optional('API_KEY'),
})
