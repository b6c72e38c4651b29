import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { createVectorStore } from '../../../adapters/from-config.ts'
import type { PineconeIndex } from '../../../adapters/pinecone-probe.ts'
import { describePineconeIndex } from '../../../adapters/pinecone-probe.ts'
import type { VectorStoreConfig } from '../../../config.ts'
import { parseVectorNamespace } from '../../../domain/keys.ts'
import type { VectorStore } from '../../../domain/ports.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, skipped, warning } from './check.ts'

type PineconeConfig = Extract<VectorStoreConfig, { kind: 'pinecone' }>
type Options = {
  readonly config: VectorStoreConfig
  readonly dimensions: number
  /** The database answers, and has its tables. */
  readonly database: Check
  /** Whether files are indexed by vectors of this length. */
  readonly isInUse: (dimensions: number) => Promise<boolean>
}

/** Looks at the vector store, and makes nothing there. */
export function vectorChecks({ config, dimensions, ...uses }: Options): Group {
  const vectors = createVectorStore(config, { dimensions }, uses.isInUse)
  const checks = config.kind === 'pinecone' ? pineconeChecks(config, dimensions, uses) : [lanceDbCheck(config.dir)]
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

function pineconeChecks(
  config: PineconeConfig,
  dimensions: number,
  { database, isInUse }: Omit<Options, 'config' | 'dimensions'>,
) {
  const { index } = config
  let found: PineconeIndex | undefined
  const key: Check = {
    name: 'API key',
    find: async (signal) => {
      found = await describePineconeIndex(config, signal)
      return ok('is accepted')
    },
    explain: refused,
  }
  const there: Check = {
    name: 'Index',
    needs: [key],
    // Of one that is not there the database knows whether it ought to be.
    after: [database],
    find: async () => (found ? described(found, index) : lost(index, dimensions, await isInUse(dimensions))),
    explain: (error) => ({
      detail: `${index} is not there; whether it ought to be, the database did not tell: ${messageOf(error)}`,
      fix: 'Mend the database first',
    }),
  }
  return [key, there, { name: 'Dimensions', needs: [there], find: async () => fitting(found, index, dimensions) }]
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

function described({ isReady, metric }: PineconeIndex, index: string): Finding {
  if (!isReady) return warning(`${index} is not ready yet`, 'Wait, and look again')
  if (metric !== undefined && metric !== 'cosine')
    return failed(
      `${index} has the metric ${metric}, not cosine`,
      'Set PINECONE_INDEX to one with the metric cosine; one that does not exist is made with the first file',
    )
  return ok(`${index} is ready`)
}

const lost = (index: string, dimensions: number, isInUse: boolean): Finding =>
  isInUse
    ? failed(
        `${index} is gone, and with it the vectors of files that are indexed`,
        `Restore it; or create it with ${dimensions} dimensions and the metric cosine, then: npm run expertsmith -- rebuild-vectors`,
      )
    : ok(`${index} is made with the first file`)

function fitting(found: PineconeIndex | undefined, index: string, dimensions: number): Finding {
  const dimension = found?.dimension
  if (dimension === undefined) return ok(`${dimensions}, as the embeddings have`)
  if (dimension === dimensions) return ok(`${dimension}, as the embeddings have`)
  return failed(
    `${index} has ${dimension}, the embeddings have ${dimensions}`,
    `Set EMBEDDING_DIMENSIONS=${dimension} with a model that gives them, or PINECONE_INDEX to another index`,
  )
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
