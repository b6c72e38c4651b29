import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { createVectorStore } from '../../../adapters/from-config.ts'
import { indexFor, ours } from '../../../adapters/pinecone-indexes.ts'
import type { PineconeIndex } from '../../../adapters/pinecone-probe.ts'
import { listPineconeIndexes } from '../../../adapters/pinecone-probe.ts'
import type { VectorStoreConfig } from '../../../config.ts'
import { parseVectorNamespace } from '../../../domain/keys.ts'
import type { VectorStore } from '../../../domain/ports.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, skipped, warning } from './check.ts'

type PineconeConfig = Extract<VectorStoreConfig, { kind: 'pinecone' }>
type Options = {
  readonly config: VectorStoreConfig
  /** Of new experts. */
  readonly dimensions: number
  /** The database answers, and has its tables. */
  readonly database: Check
  /** Of the vectors of files that are indexed. */
  readonly lengthsInUse: () => Promise<readonly number[]>
}

/** Looks at the vector store, and makes nothing there. */
export function vectorChecks({ config, ...uses }: Options): Group {
  const isInUse = async (dimensions: number) => (await uses.lengthsInUse()).includes(dimensions)
  const vectors = createVectorStore(config, uses, isInUse)
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
  let found: readonly PineconeIndex[] = []
  const nameFor = (length: number) => indexFor(length, ours(found, config.index), { ...config, dimensions })
  const key: Check = {
    name: 'API key',
    find: async (signal) => {
      found = await listPineconeIndexes(config, signal)
      return ok('is accepted')
    },
    explain: refused,
  }
  const there: Check = {
    name: 'Index',
    needs: [key],
    // Of those that are not there the database knows whether they ought to be.
    after: [database],
    find: async () => {
      const name = nameFor(dimensions)
      const inUse = isThere(found, name) ? await lengthsInUse().catch(() => []) : await lengthsInUse()
      const lost = inUse.find((length) => !isThere(found, nameFor(length)))
      if (lost !== undefined) return gone(nameFor(lost), lost)
      if (!isThere(found, name)) return ok(`${name} is made with the first file`)
      const needed = new Set([name, ...inUse.map(nameFor)])
      return described(found.filter((index) => needed.has(index.name)))
    },
    explain: (error) => ({
      detail: `${nameFor(dimensions)} is not there; whether it ought to be, the database did not tell: ${messageOf(error)}`,
      fix: 'Mend the database first',
    }),
  }
  const find = async () => ok(lengthsOf(found, nameFor(dimensions), dimensions))
  return [key, there, { name: 'Dimensions', needs: [there], find }]
}

const isThere = (found: readonly PineconeIndex[], wanted: string) => found.some(({ name }) => name === wanted)

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

function described(found: readonly PineconeIndex[]): Finding {
  const names = found.map(({ name }) => name).join(', ')
  const other = found.find(({ metric }) => metric !== undefined && metric !== 'cosine')
  if (other)
    return failed(
      `${other.name} has the metric ${other.metric}, not cosine`,
      'Set PINECONE_INDEX to one with the metric cosine; one that does not exist is made with the first file',
    )
  const late = found.find(({ isReady }) => !isReady)
  if (late) return warning(`${late.name} is not ready yet`, 'Wait, and look again')
  return ok(`${names} ${found.length === 1 ? 'is' : 'are'} ready`)
}

const gone = (index: string, dimensions: number): Finding =>
  failed(
    `${index} is gone, and with it the vectors of files that are indexed`,
    `Restore it; or create it with ${dimensions} dimensions and the metric cosine, then: npm run expertsmith -- rebuild-vectors`,
  )

/** An index has vectors of one length: those of other models are in others. */
function lengthsOf(found: readonly PineconeIndex[], chosen: string, dimensions: number): string {
  const others = found.filter(({ name }) => name !== chosen)
  const told = others.map(({ name, dimension }) => `${dimension ?? 'of any length'} in ${name}`)
  return [`${dimensions} of new experts in ${chosen}`, ...told].join(', ')
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
