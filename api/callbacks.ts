import type { Callback, CallbackAddresses, CallbackStore } from '../domain/webhook.ts'
import { newCallbackSecret } from '../domain/webhook-signature.ts'
import { Problem } from './problem.ts'

export type CallbackOptions = { readonly callbacks: CallbackStore; readonly callbackAddresses: CallbackAddresses }

/** What was asked for, with a secret in case there is none yet. @throws Problem CALLBACK_URL_NOT_ALLOWED */
export function callbackAt(
  url: string | null | undefined,
  { callbackAddresses }: Pick<CallbackOptions, 'callbackAddresses'>,
): Callback | null | undefined {
  if (url === undefined || url === null) return url
  const fault = callbackAddresses.faultOf(url)
  if (fault) throw new Problem('CALLBACK_URL_NOT_ALLOWED', { detail: fault })
  return { url, secret: newCallbackSecret() }
}

export const withSecret = <T extends object>(expert: T, secret: string | null | undefined) => ({
  ...expert,
  ...(secret && { callback_secret: secret }),
})
