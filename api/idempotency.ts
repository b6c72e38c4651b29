import { createHash, randomUUID } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { IdempotencyStore, KeptAnswer, RequestHold } from '../domain/ports.ts'
import { QuotaExceeded } from '../domain/quota.ts'
import { TokensUsedUp } from '../domain/usage.ts'
import { IDEMPOTENCY_KEY } from './examples/ids.ts'
import { Problem } from './problem.ts'
import { HOLD_MS, whileRenewed } from './while-renewed.ts'

export type IdempotencyOptions = { readonly idempotency: IdempotencyStore }

/** The headers of every route that makes something. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[\\x21-\\x7e]+$',
      examples: [IDEMPOTENCY_KEY],
      description:
        'A UUID, or any text of your own for this one request. Sent again within 24 hours it makes nothing twice and gets the same answer.',
    }),
  ),
})

/** `kept`: instead of the body, where that must not be written down. `fingerprint`: of a request whose bytes have come by now. */
export type Answer = KeptAnswer & { readonly kept?: unknown; readonly fingerprint?: string }

type Creation = {
  /** Of what is asked for, where that is known before the bytes have come. */
  readonly fingerprint?: string
  /** Makes it, under this id. `isResumed`: an earlier request may have made it already. */
  make(id: string, isResumed: boolean): Promise<Answer>
  /** Whether a request that was answered asked for the same. */
  isSame(fingerprint: string): boolean | Promise<boolean>
}

/** Makes something once, however often a client asks with the same Idempotency-Key; without one, each time. */
export async function once(idempotency: IdempotencyStore, request: FastifyRequest, creation: Creation) {
  const key = request.headers['idempotency-key']
  if (key === undefined) return creation.make(randomUUID(), false)
  const route = `${request.method} ${request.routeOptions.url}`
  const hold = { userId: request.userId, route, key: String(key), holder: randomUUID(), milliseconds: HOLD_MS }
  const { fingerprint } = creation
  const begun = await idempotency.begin({ ...hold, fingerprint, resourceId: randomUUID() })
  if (begun.state === 'answered') {
    if (!(await creation.isSame(begun.fingerprint))) throw new Problem('IDEMPOTENCY_KEY_REUSED')
    return begun.answer
  }
  if (begun.state === 'under way')
    throw new Problem(begun.fingerprint === fingerprint ? 'REQUEST_UNDER_WAY' : 'IDEMPOTENCY_KEY_REUSED')
  try {
    const answer = await whileRenewed(
      () => idempotency.renew(hold),
      () => creation.make(begun.resourceId, begun.isResumed),
    )
    await keep(idempotency, hold, { fingerprint: fingerprint ?? '', ...answer }, request)
    return answer
  } catch (error) {
    // A problem says that nothing was made. Another error does not, and what was made is found by the id that is kept.
    const isUndone = isRefusal(error) && !begun.isResumed
    await (isUndone ? idempotency.forget(hold) : idempotency.letGo(hold)).catch(ignore)
    throw error
  }
}

/** What was asked for, as JSON. */
export const fingerprintOf = (...what: unknown[]) => createHash('sha256').update(JSON.stringify(what)).digest('hex')

/** Makes once what is asked for by the address and a body of JSON. */
export function onceAsJson(
  idempotency: IdempotencyStore,
  request: FastifyRequest<{ Body: unknown; Params: unknown }>,
  make: Creation['make'],
) {
  const fingerprint = fingerprintOf(request.params, request.body)
  return once(idempotency, request as FastifyRequest, { fingerprint, make, isSame: (kept) => kept === fingerprint })
}

export function answerWith(reply: FastifyReply, { status, location, body }: KeptAnswer): FastifyReply {
  if (location !== undefined) reply.header('location', location)
  return reply.status(status).send(body)
}

/** It is made, whatever comes of this: a repeat that finds no answer finds what was made. */
async function keep(
  idempotency: IdempotencyStore,
  hold: RequestHold,
  { fingerprint, status, location, body, kept = body }: Answer & { readonly fingerprint: string },
  { log }: FastifyRequest,
): Promise<void> {
  const answer = { status, body: kept, ...(location !== undefined && { location }) }
  await idempotency
    .keep(hold, fingerprint, answer)
    .catch((error: unknown) => log.warn({ err: error }, '⚠️ Could not keep an answer for its repeats'))
}

/** Quotas refuse before anything is made, or undo it. */
const isRefusal = (error: unknown) =>
  error instanceof Problem || error instanceof QuotaExceeded || error instanceof TokensUsedUp

const ignore = () => undefined
