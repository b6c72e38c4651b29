import { loadClientConfig } from '../config.ts'
import { ApiClient } from './api/api-client.ts'
import { say, seconds } from './output.ts'

export type ApiOptions = { readonly url?: string; readonly json?: boolean }

/** The API of `--url` or API_URL, with the key in API_KEY. */
export function connectApi({ url }: ApiOptions): ApiClient {
  const config = loadClientConfig()
  return new ApiClient({ ...config, ...(url !== undefined && { url }), onWait })
}

/** A moment is not worth a word. */
const WORTH_SAYING_MS = 2_000

function onWait(milliseconds: number, why: Error): void {
  if (milliseconds >= WORTH_SAYING_MS) say(`Trying again in ${seconds(milliseconds / 1_000)}: ${why.message}`)
}
