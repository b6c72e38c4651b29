import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { CallOptions, LeaseStore } from '../domain/ports.ts'

/** As long as a worker may be silent before its activities are given to another one. */
const LEASE_MS = 15_000
const RENEW_EVERY_MS = LEASE_MS / 3
const ASK_EVERY_MS = 500

/**
 * Does `work` while nobody else, in any process, does work of that name; waits until it is free. The lease of a process that
 * dies expires. One that cannot be renewed may be taken by another: then the work is done twice, which must be harmless.
 */
export async function withLease<T>(
  leases: LeaseStore,
  name: string,
  { signal }: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lease = { name, holder: randomUUID() }
  while (!(await leases.acquire(lease, LEASE_MS))) await delay(ASK_EVERY_MS, undefined, { signal })
  let renewal: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    renewal = leases.acquire(lease, LEASE_MS).catch(() => undefined)
  }, RENEW_EVERY_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    // A renewal under way would bring the lease back.
    await renewal
    await leases.release(lease).catch(() => undefined)
  }
}
