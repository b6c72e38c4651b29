import type { FastifyRequest } from 'fastify'
import { QuotaExceeded } from '../domain/quota.ts'
import type { UsageStore } from '../domain/usage.ts'
import { Problem } from './problem.ts'
import { fromQuota } from './quota-problem.ts'

/** What one upload may have, and what is said of one that has more. */
export type UploadLimit = { readonly maxBytes: number; readonly refusal: () => Problem }

/** Boundaries, headers and other parts of a form: so much of a body may not be the file's. */
const FORM_BYTES = 20_000

export const sizeLimit = (maxBytes: number): UploadLimit => ({
  maxBytes,
  refusal: () =>
    new Problem('UPLOAD_TOO_LARGE', {
      detail: `The limit is ${Math.round(maxBytes / 1_048_576)} MB (MAX_UPLOAD_MB).`,
      extra: { limit_bytes: maxBytes },
    }),
})

/**
 * Before the bytes come: by the length that is declared, and, where that is left out, by what is read of them. The store has
 * the last word, since others may upload at the same time. `replaced`: the bytes of the content that goes.
 * @throws QuotaExceeded
 */
export async function uploadLimit(
  { usage, maxUploadBytes }: { readonly usage: UsageStore; readonly maxUploadBytes: number },
  { userId, headers }: FastifyRequest,
  replaced?: number,
): Promise<UploadLimit> {
  const freed = replaced ?? 0
  const files = replaced === undefined ? 1 : 0
  const declared = Math.max(0, Number(headers['content-length'] ?? 0) - FORM_BYTES)
  const { bytes, quota, used } = await usage.room(userId, { files, bytes: declared - freed })
  // Whoever has too much already may still replace a file by a smaller one.
  const left = Math.max(bytes, 0) + freed
  if (left >= maxUploadBytes) return sizeLimit(maxUploadBytes)
  return {
    maxBytes: left,
    refusal: () =>
      fromQuota(new QuotaExceeded('bytes', quota.bytes ?? 0, used.bytes, Math.max(declared, left + 1) - freed)),
  }
}
