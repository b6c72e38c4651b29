import { setTimeout as delay } from 'node:timers/promises'
import type { StackConfig } from '../config.ts'
import { Obstacle } from './preflight.ts'

const READY_LIMIT_MS = 120_000
/** What a first document needs; the API answers without the last two. */
const NEEDED = ['postgres', 'temporal', 'workers']

type Check = { readonly name: string; readonly status: string; readonly detail?: string }

/** @returns the name and what it says of each part, once all that is needed answers */
export async function untilReady({
  ownUrl,
  key,
}: Pick<StackConfig['api'], 'ownUrl' | 'key'>): Promise<[string, string][]> {
  const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {}
  let checks: readonly Check[] | undefined
  for (const start = Date.now(); Date.now() - start < READY_LIMIT_MS; await delay(200)) {
    const answer = await ask(`${ownUrl}/readyz`, headers)
    if (!answer) continue
    checks = answer.checks ?? []
    if (NEEDED.every((name) => checks?.some((check) => check.name === name && isOk(check))))
      return checks.map((check) => [check.name, isOk(check) ? detailOf(check) : `⚠️ ${detailOf(check)}`])
  }
  const failed = checks?.filter((check) => !isOk(check)).map((check) => `${check.name}: ${detailOf(check)}`)
  throw new Obstacle(
    `The API was not ready within ${READY_LIMIT_MS / 1_000} s. ${failed?.join('; ') ?? 'It did not answer at all.'}`,
  )
}

/** @returns undefined where nothing answers yet, or something else does */
async function ask(url: string, headers: Record<string, string>): Promise<{ checks?: Check[] } | undefined> {
  try {
    const response = await fetch(url, { headers })
    return (await response.json()) as { checks?: Check[] }
  } catch {
    return undefined
  }
}

const isOk = ({ status }: Check) => status === 'ok'

/** Without a key the API says no more, once there are keys. */
const detailOf = (check: Check) =>
  check.detail ?? (isOk(check) ? 'answers' : 'does not work; set API_KEY to be told why')
