import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { createVectorStore } from '../../../adapters/from-config.ts'
import { listPineconeIndexes } from '../../../adapters/pinecone-probe.ts'
import type { VectorStoreConfig } from '../../../config.ts'
import { parseVectorNamespace } from '../../../domain/keys.ts'
import type { VectorStore } from '../../../domain/ports.ts'
import type { Check, Group } from './check.ts'
import { failed, messageOf, ok, skipped } from './check.ts'
import { PineconeFindings, UNKNOWN } from './pinecone-findings.ts'

type PineconeConfig = Extract<VectorStoreConfig, { kind: 'pinecone' }>
type Options = {
  readonly config: VectorStoreConfig
  /** Of new experts; undefined where their embedder cannot be opened. */
  readonly dimensions: number | undefined
  /** The database answers, and has its tables. */
  readonly database: Check
  /** Of the vectors of files that are indexed. */
  readonly lengthsInUse: () => Promise<readonly number[]>
}

/** Looks at the vector store, and makes nothing there. */
export function vectorChecks({ config, ...uses }: Options): Group {
  const isInUse = async (dimensions: number) => (await uses.lengthsInUse()).includes(dimensions)
  const { dimensions = UNKNOWN } = uses
  const vectors = createVectorStore(config, { dimensions }, isInUse)
  const checks = config.kind === 'pinecone' ? pineconeChecks(config, uses) : [lanceDbCheck(config.dir)]
  return {
    name: config.kind === 'pinecone' ? `Vectors: Pinecone, ${config.index}` : 'Vectors: LanceDB',
    checks: [
      ...checks,
      {
        name: 'Namespaces',
        needs: config.kind === 'pinecone' ? [...checks, uses.database] : checks,
        find: async () =>
          (await isUnused(config)) ? skipped('there are none before the first file') : ok(await count(vectors)),
      },
    ],
    close: () => vectors.close(),
  }
}

function pineconeChecks(config: PineconeConfig, { dimensions, database, lengthsInUse }: Omit<Options, 'config'>) {
  let found = new PineconeFindings(config.index, dimensions, [])
  const key: Check = {
    name: 'API key',
    find: async (signal) => {
      found = new PineconeFindings(config.index, dimensions, await listPineconeIndexes(config, signal))
      return ok('is accepted')
    },
    explain: refused,
  }
  const there: Check = {
    name: 'Index',
    needs: [key],
    // Of those that are not there the database knows whether they ought to be.
    after: [database],
    find: async () => found.indexes(found.isMade ? await lengthsInUse().catch(() => []) : await lengthsInUse()),
    explain: (error) => ({
      detail: `${dimensions === undefined ? config.index : found.nameFor(dimensions)} is not there; whether it ought to be, the database did not tell: ${messageOf(error)}`,
      fix: 'Mend the database first',
    }),
  }
  if (dimensions === undefined) return [key, there]
  return [key, there, { name: 'Dimensions', needs: [there], find: async () => ok(found.lengths(dimensions)) }]
}

function refused(error: unknown) {
  const { name } = error as Error
  const isKey = name === 'PineconeAuthorizationError' || /\b40[123]\b/.test(messageOf(error))
  return isKey
    ? { detail: `is refused (${name})`, fix: 'Correct PINECONE_API_KEY: https://app.pinecone.io, API keys' }
    : {
        detail: name,
        fix: 'Let this machine reach api.pinecone.io (DNS, proxy, firewall), or correct PINECONE_CONTROLLER_HOST',
      }
}

/** Nothing is made: where there is no folder yet, the first file makes it. */
const lanceDbCheck = (dir: string): Check => ({
  name: 'Folder',
  find: async () => {
    try {
      await access(dir, constants.R_OK | constants.W_OK)
      return ok(`${dir} can be written`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(`${dir} is made with the first file`)
      return failed(messageOf(error), `Make it writable: chown -R "$(id -u)" ${dir}, or set LANCEDB_DIR`)
    }
  },
})

/** Merely to open LanceDB's folder writes into it. */
const isUnused = async (config: VectorStoreConfig): Promise<boolean> =>
  config.kind === 'lancedb' && (await readdir(config.dir).catch(noneIfMissing)).length === 0

function noneIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

const MOST_COUNTED = 10_000

async function count(vectors: VectorStore): Promise<string> {
  let ours = 0
  let others = 0
  for await (const name of vectors.namespaces()) {
    if (parseVectorNamespace(name)) ours += 1
    else others += 1
    if (ours + others === MOST_COUNTED) return `${MOST_COUNTED} or more`
  }
  return `${ours} of experts${others > 0 ? `, ${others} of something else` : ''}`
}
