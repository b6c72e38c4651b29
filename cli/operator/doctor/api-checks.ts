import { type DoctorConfig, isLoopback } from '../../../config.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, ok, reasonOf, warning } from './check.ts'

/** `detail` is told to those only who have a key. */
type Readiness = {
  readonly status: 'ready' | 'degraded' | 'not_ready'
  readonly checks: readonly { readonly name: string; readonly status: string; readonly detail?: string }[]
}

/** As its clients reach it. */
export function apiChecks({ api, client }: Pick<DoctorConfig, 'api' | 'client'>): Group {
  const answers: Check = {
    name: 'Answer',
    find: async (signal) => {
      const { status } = await get(`${client.url}/healthz`, signal)
      return status === 200
        ? ok(client.url)
        : failed(`${client.url}/healthz is answered ${status}`, 'Correct API_URL: something else answers there')
    },
    explain: (error) => ({
      detail: `${client.url}: ${reasonOf(error)}`,
      fix: 'Start it: npm run api, or docker compose up --detach api; or set API_URL to where it is',
    }),
  }
  const authorization = client.apiKey ? { authorization: `Bearer ${client.apiKey}` } : undefined
  return {
    name: 'API',
    checks: [
      answers,
      {
        name: 'Readiness',
        needs: [answers],
        find: async (signal) => {
          const answer = await get(`${client.url}/readyz`, signal, authorization)
          return readiness((await answer.json()) as Readiness)
        },
        explain: (error) => ({
          detail: `${client.url}/readyz is not answered as the API does: ${reasonOf(error)}`,
          fix: 'Correct API_URL, or look for a proxy in between',
        }),
      },
      ...(isElsewhere(api.publicUrl, client.url) ? [publicly(api.publicUrl)] : []),
      {
        name: 'Metrics',
        needs: [answers],
        find: async (signal) => metrics((await get(`${client.url}/metrics`, signal, authorization)).status),
      },
    ],
  }
}

const get = (url: string, signal: AbortSignal, headers?: Record<string, string>) =>
  fetch(url, { signal, ...(headers && { headers }) })

function readiness({ status, checks }: Readiness): Finding {
  if (status === 'ready') return ok(checks.map(({ name }) => name).join(', ') || 'ready')
  const detail = checks
    .filter((check) => check.status === 'failed')
    .map(({ name, detail }) => (detail ? `${name}: ${detail}` : name))
    .join('; ')
  const fix = 'Mend what is named, here as the API sees it; the groups above say how'
  return status === 'degraded' ? warning(detail, fix) : failed(detail, fix)
}

const isElsewhere = (publicUrl: string, url: string) => publicUrl !== url && !isLoopback(new URL(publicUrl).hostname)

/** From inside, an address outside is not always to be reached. */
const publicly = (url: string): Check => ({
  name: 'PUBLIC_URL',
  find: async (signal) => {
    const status = await get(`${url}/healthz`, signal).then((answer) => answer.status, reasonOf)
    if (status === 200) return ok(url)
    return warning(`${url}/healthz, asked from here: ${status}`, 'Correct PUBLIC_URL, or mend the proxy there')
  },
})

function metrics(status: number): Finding {
  if (status === 200 || status === 401 || status === 403) return ok('/metrics is there to be scraped')
  return warning(
    `/metrics is answered ${status}`,
    'Watch GET /readyz and the queries of docs/operations.md, with alerts on them',
  )
}
