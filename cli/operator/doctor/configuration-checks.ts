import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { type DoctorConfig, isLoopback } from '../../../config.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, warning } from './check.ts'
import { nearestThere } from './nearest-there.ts'

const NODE_MAJOR = 24
const GIGABYTE = 1_073_741_824
const KNOWN_PASSWORDS = ['postgres', 'password', 'expertsmith', 'expertsmith-local-only', 'secret', 'admin', 'changeme']
/** That many different characters any random secret has. */
const DIFFERENT_CHARACTERS = 8

type Options = {
  readonly config: DoctorConfig
  /** The database answers, and has its tables. */
  readonly database: Check
  /** Whether there is an API key, or ever was. */
  readonly hasKeys: () => Promise<boolean>
}

/** What can be told of the configuration, and of this machine. */
export function configurationChecks({ config, database, hasKeys }: Options): Group {
  const { api, worker } = config
  return {
    name: 'Configuration',
    checks: [
      { name: 'Variables', find: async () => ok('are complete, and each can be read') },
      { name: 'Secrets', find: async () => secrets(config) },
      { name: 'Who may call', ...(needsKey(config) && { needs: [database] }), find: () => whoMayCall(config, hasKeys) },
      { name: 'Parts', find: async () => parts(config) },
      { name: 'Node', find: async () => node(process.versions.node) },
      { name: 'DATA_DIR', find: () => folder('DATA_DIR', worker.dataDir) },
      { name: 'SCRATCH_DIR', find: () => folder('SCRATCH_DIR', worker.scratchDir) },
      { name: 'CORS_ORIGINS', find: async () => ok(api.corsOrigins.join(', ') || 'none: no page elsewhere may call') },
    ],
  }
}

function secrets({ api }: DoctorConfig): Finding {
  const url = new URL(api.database.url)
  const weak = [
    ...(api.adminKey !== undefined && isWeak(api.adminKey) ? ['ADMIN_API_KEY'] : []),
    ...(api.objects.kind === 's3' && isWeak(api.objects.secretKey) ? ['S3_SECRET_KEY'] : []),
    ...(!isLoopback(url.hostname) && isWeak(decodeURIComponent(url.password)) ? ['the password in DATABASE_URL'] : []),
  ]
  if (weak.length === 0) return ok('none is one of those that anybody would try')
  return warning(`easy to guess: ${weak.join(', ')}`, 'Make others: openssl rand -hex 32')
}

const isWeak = (secret: string) => KNOWN_PASSWORDS.includes(secret) || new Set(secret).size < DIFFERENT_CHARACTERS

const needsKey = ({ api }: DoctorConfig) => !api.isLocal && api.adminKey === undefined

async function whoMayCall(config: DoctorConfig, hasKeys: Options['hasKeys']): Promise<Finding> {
  const { host, isLocal, adminKey } = config.api
  if (isLocal) return ok(`HOST=${host}: this machine only, until there is a key`)
  if (adminKey !== undefined || (await hasKeys())) return ok(`HOST=${host}: whoever has a key`)
  return failed(
    `HOST=${host} is open to the network and there is no API key, so the API refuses to start`,
    'Set ADMIN_API_KEY to the output of: openssl rand -hex 32',
  )
}

/** Fine on one machine; with a database that others reach it is meant for more. */
function parts({ api, worker }: DoctorConfig): Finding {
  const simple = [
    ...(worker.objects.kind === 'disk' ? ['objects on disk (set the S3_ variables)'] : []),
    ...(worker.vectors.kind === 'lancedb' ? ['vectors in LanceDB (set PINECONE_API_KEY)'] : []),
    ...(worker.embeddings.provider === 'hashing'
      ? ['lexical embeddings (npm run setup:local, or set OPENAI_API_KEY)']
      : []),
  ]
  if (simple.length === 0)
    return ok(`S3, Pinecone, ${worker.embeddings.provider === 'openai' ? 'OpenAI' : 'embeddings of a local model'}`)
  if (isLoopback(new URL(api.database.url).hostname)) return ok(`of one machine: ${simple.join('; ')}`)
  return warning(
    `not for production: ${simple.join('; ')}`,
    'Set the variables named here; the database is on another machine, so api and worker may be too',
  )
}

function node(version: string): Finding {
  const major = Number.parseInt(version, 10)
  if (major >= NODE_MAJOR) return ok(version)
  return warning(`${version}; it is tested with ${NODE_MAJOR}`, `Run it by npm run, or install Node ${NODE_MAJOR}`)
}

/** Makes nothing: a folder that is not there yet is made by whoever needs it, in the one above. */
async function folder(variable: string, path: string): Promise<Finding> {
  const nearest = await nearestThere(path)
  try {
    await access(nearest, constants.W_OK)
  } catch (error) {
    return failed(messageOf(error), `Make it writable: chown -R "$(id -u)" ${nearest}, or set ${variable}`)
  }
  const { bavail, bsize } = await statfs(nearest)
  const gigabytes = (bavail * bsize) / GIGABYTE
  const detail = `${path}, ${gigabytes.toFixed(1)} GB free`
  return gigabytes < 1 ? warning(detail, `Make room, or set ${variable} to another disk`) : ok(detail)
}
