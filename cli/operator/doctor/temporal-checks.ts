import { Client, Connection, ScheduleNotFoundError } from '@temporalio/client'
import { missingSearchAttributes } from '../../../adapters/temporal-search-attributes.ts'
import type { WorkerConfig } from '../../../config.ts'
import { embeddingQueue, housekeepingId, SEARCH_ATTRIBUTES, webhookQueue } from '../../../workflows/contract.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, ok, reasonOf, warning } from './check.ts'
import { ACTIVITIES, pollersOf, WORKFLOWS } from './pollers.ts'
import { workerVersion } from './worker-version.ts'

const CONNECT_TIMEOUT_MS = 3_000
const DAY_MS = 86_400_000

/** As gRPC numbers them. */
const NOT_FOUND = 5
const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12
const UNAUTHENTICATED = 16

export function temporalChecks({ temporal, retryWindowMs, housekeeping, version }: WorkerConfig): Group {
  const { connect, namespace, taskQueue } = temporal
  const address = connect.connectionOptions.address ?? ''
  const connection = Connection.lazy({
    ...connect.connectionOptions,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Without the one that tries again: the first answer is what is to be told.
    interceptors: [],
  })
  const service = connection.workflowService
  const asking = <T>(signal: AbortSignal, ask: () => Promise<T>) => connection.withAbortSignal(signal, ask)

  const reachable: Check = {
    name: 'Connection',
    find: (signal) =>
      asking(signal, async () => ok(`server ${(await service.getSystemInfo({})).serverVersion} at ${address}`)),
    explain: (error) => ({ detail: `${address}: ${reasonOf(error)}`, fix: fixFor(error) }),
  }
  const known: Check = {
    name: 'Namespace',
    needs: [reachable],
    find: (signal) =>
      asking(signal, async () => {
        const { config } = await service.describeNamespace({ namespace })
        return retention(Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000, {
          namespace,
          retryWindowMs,
        })
      }),
    explain: (error) => ({
      detail: `${namespace}: ${reasonOf(error)}`,
      fix:
        grpcCode(error) === NOT_FOUND
          ? `Correct TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --namespace ${namespace} --retention 30d`
          : fixFor(error),
    }),
  }
  const polled = (name: string, queue: string, type: typeof WORKFLOWS | typeof ACTIVITIES): Check => ({
    name,
    needs: [known],
    find: (signal) => asking(signal, async () => workers(queue, await pollersOf(service, namespace, queue, type))),
  })
  const workflows = polled('Workers for workflows', taskQueue, WORKFLOWS)
  return {
    name: `Temporal: ${namespace}`,
    checks: [
      reachable,
      known,
      {
        name: 'Search attributes',
        needs: [known],
        find: (signal) =>
          asking(signal, async () =>
            attributes(await missingSearchAttributes(connection, namespace, SEARCH_ATTRIBUTES), namespace),
          ).catch(untold),
      },
      workflows,
      polled('Workers for activities', taskQueue, ACTIVITIES),
      polled('Workers for embeddings', embeddingQueue(taskQueue), ACTIVITIES),
      polled('Workers for webhooks', webhookQueue(taskQueue), ACTIVITIES),
      {
        name: 'Worker versions',
        needs: [workflows],
        find: (signal) => asking(signal, () => workerVersion(service, { namespace, taskQueue, version })),
      },
      {
        name: 'Housekeeping',
        needs: [known],
        find: (signal) =>
          asking(signal, () =>
            schedule(new Client({ connection, namespace }), housekeepingId(taskQueue), housekeeping.everyMs),
          ),
      },
    ],
    close: () => connection.close(),
  }
}

/** Runs that wait for a retry are open, and stay; those that are over go once they are that old. */
function retention(kept: number, { namespace, retryWindowMs }: { namespace: string; retryWindowMs: number }): Finding {
  const detail = `keeps runs that are over for ${days(kept)}; RETRY_WINDOW is ${days(retryWindowMs)}`
  if (kept >= retryWindowMs) return ok(detail)
  return warning(
    `${detail}, so what happened in a run may be gone while its files may still be retried`,
    `temporal operator namespace update --namespace ${namespace} --retention ${Math.ceil(retryWindowMs / DAY_MS)}d`,
  )
}

function days(milliseconds: number): string {
  const number = Math.round((milliseconds / DAY_MS) * 10) / 10
  return `${number} ${number === 1 ? 'day' : 'days'}`
}

function attributes(missing: Readonly<Record<string, string>>, namespace: string): Finding {
  const names = Object.keys(missing)
  if (names.length === 0) return ok(Object.keys(SEARCH_ATTRIBUTES).join(', '))
  const flags = Object.entries(missing).map(
    ([name, type]) => `--name ${name} --type ${type === 'INT' ? 'Int' : 'Keyword'}`,
  )
  return failed(
    `lacks ${names.join(', ')}, so experts cannot be started`,
    `temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`,
  )
}

/** Temporal Cloud lets its console do this. */
function untold(error: unknown): Finding {
  const code = grpcCode(error)
  if (code !== UNIMPLEMENTED && code !== PERMISSION_DENIED) throw error
  return warning(
    `cannot be told: ${reasonOf(error)}`,
    `See to it in the console that the namespace has ${Object.entries(SEARCH_ATTRIBUTES)
      .map(([name, type]) => `${name} (${type.toLowerCase()})`)
      .join(', ')}`,
  )
}

function workers(queue: string, pollers: readonly unknown[]): Finding {
  if (pollers.length > 0) return ok(`${pollers.length} on ${queue}`)
  return failed(`nobody polls ${queue}`, 'Start one: npm run worker, or docker compose up --detach worker')
}

async function schedule({ schedule }: Client, id: string, everyMs: number | undefined): Promise<Finding> {
  const off = warning('off: nothing settles what is left behind', 'Unset HOUSEKEEPING_EVERY, and restart the workers')
  try {
    const { state, info } = await schedule.getHandle(id).describe()
    if (everyMs === undefined) return off
    if (state.paused) return warning(`${id} is paused`, `temporal schedule toggle --unpause --schedule-id ${id}`)
    const last = info.recentActions.at(-1)?.takenAt
    return ok(`${id}, ${last ? `last ran ${last.toISOString()}` : 'has not run yet'}`)
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error
    return everyMs === undefined ? off : warning(`there is no schedule ${id}`, 'Restart a worker, which makes it')
  }
}

function fixFor(error: unknown): string {
  const code = grpcCode(error)
  if (code === UNAUTHENTICATED || code === PERMISSION_DENIED)
    return 'Correct TEMPORAL_API_KEY or the TEMPORAL_TLS_ variables; in Temporal Cloud the key must reach the namespace'
  return 'Start Temporal there, or correct TEMPORAL_ADDRESS (and TEMPORAL_TLS, where the server asks for it)'
}

function grpcCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  return 'code' in error && typeof error.code === 'number' ? error.code : grpcCode(error.cause)
}
