import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Environment } from '../../config.ts'

/** What Node, and the servers that `npm start` starts, must know of this machine. */
const MACHINE = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME', 'TEMPORAL_CLI']
/** Where a test does not ask for others. */
const STORES = {
  OBJECT_STORE: 'disk',
  VECTOR_STORE: 'lancedb',
  EMBEDDINGS: 'hashing',
  // Whatever is set up on this machine, it would be opened by each process.
  LOCAL_EMBEDDINGS_DIR: '/nowhere',
}

const EXAMPLE = readFileSync(join(import.meta.dirname, '../../.env.example'), 'utf8')
/** Every variable that Expertsmith reads, as unset: `.env` does not overrule a variable that is there, be it empty. */
const UNSET = Object.fromEntries(Object.keys(parseEnv(EXAMPLE)).map((name) => [name, '']))

/**
 * The environment of a program of ours that a test or a benchmark starts. It begins empty: what a developer has set, here or
 * in `.env`, are buckets, databases and keys of their own, which housekeeping and migrations must never reach.
 */
export const processEnvironment = (settings: Environment): Environment => ({
  ...UNSET,
  ...Object.fromEntries(MACHINE.map((name) => [name, process.env[name]])),
  ...STORES,
  ...settings,
})
