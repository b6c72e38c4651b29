import type { Reader } from './reader.ts'

export type ClientConfig = { readonly url: string; readonly apiKey: string | undefined }

export const client = (from: Reader): ClientConfig => ({
  url: from.url('API_URL') ?? `http://127.0.0.1:${from.port('PORT', 8000)}`,
  apiKey: from.optional('API_KEY'),
})
