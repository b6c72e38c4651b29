import type { Connection } from '@temporalio/client'
import type { Embedders } from '../domain/embedders.ts'
import type { LastCall } from '../domain/last-call.ts'
import type { ObjectStore, VectorStore } from '../domain/ports.ts'
import type { HealthCheck } from './readiness.ts'

export type HealthParts = {
  readonly checkDatabase: () => Promise<void>
  readonly connection: Connection
  readonly namespace: string
  readonly taskQueue: string
  readonly objects: Pick<ObjectStore, 'check' | 'name'>
  readonly vectors: Pick<VectorStore, 'check'>
  readonly embedders: Pick<Embedders, 'chosen' | 'reason'>
  /** Undefined where embeddings are made by this process itself. */
  readonly lastEmbedding: LastCall | undefined
  /** Undefined where no language model is configured. */
  readonly chat: { readonly model: string; readonly last: LastCall } | undefined
}

/** Only the database is needed for every answer; an API that lacks another part still lists, shows and searches what there is. */
export function healthChecks({ checkDatabase, objects, vectors, ...parts }: HealthParts): HealthCheck[] {
  return [
    {
      name: 'postgres',
      check: async () => {
        await checkDatabase()
        return 'answers'
      },
    },
    ...temporalChecks(parts),
    {
      name: 'object store',
      optional: true,
      check: async (signal) => {
        await objects.check({ signal })
        return objects.name
      },
    },
    { name: 'vector store', optional: true, check: (signal) => vectors.check({ signal }) },
    modelCheck('embeddings', describe(parts.embedders), parts.lastEmbedding),
    ...(parts.chat ? [modelCheck('chat', parts.chat.model, parts.chat.last)] : []),
  ]
}

/** Without them what is asked for is refused, or waits; whoever reads is not concerned. */
const temporalChecks = ({
  connection,
  namespace,
  taskQueue,
}: Pick<HealthParts, 'connection' | 'namespace' | 'taskQueue'>): HealthCheck[] => [
  {
    name: 'temporal',
    optional: true,
    check: async (signal) => {
      await connection.withAbortSignal(signal, () => connection.workflowService.describeNamespace({ namespace }))
      return `namespace ${namespace}`
    },
  },
  {
    name: 'workers',
    optional: true,
    check: async (signal) => {
      const { pollers } = await connection.withAbortSignal(signal, () =>
        connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
      )
      if (!pollers?.length)
        throw new Error(`no worker polls the task queue ${taskQueue}; start one with npm run worker`)
      return `${pollers.length} on ${taskQueue}`
    },
  },
]

/** A service that is paid for is not asked; how it answered last is told. */
const modelCheck = (name: string, what: string, last: LastCall | undefined): HealthCheck => ({
  name,
  optional: true,
  check: async () => {
    if (!last) return what
    if (!last.outcome) return { unasked: `${what}, not asked yet` }
    const { at, since, code } = last.outcome
    if (code) throw new Error(`${what}: ${code} since ${since.toISOString()}, asked last at ${at.toISOString()}`)
    return `${what}, answered last at ${at.toISOString()}`
  },
})

/** People take search for semantic unless told. */
const describe = ({ chosen: { model, dimensions, isSemantic }, reason }: HealthParts['embedders']) =>
  `${model}, ${dimensions} dimensions${isSemantic ? '' : ', lexical, not semantic'} (${reason})`
