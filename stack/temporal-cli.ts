import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { findExecutable } from './find-executable.ts'
import { cachedTool, goInstall, userCacheDir } from './go-tool.ts'
import { run } from './run-program.ts'

/** The last release that `go install` can build. A binary built that way calls itself 0.0.0-DEV, so it is told by what it holds. */
const CLI = { version: 'v1.5.1', holds: 'Server 1.29.1, UI 2.42.1' }

const GO_TOOL = {
  module: 'github.com/temporalio/cli/cmd/temporal',
  version: CLI.version,
  name: 'temporal',
  packages: 1_330,
} as const

export type TemporalCliOptions = {
  /** TEMPORAL_CLI: a path that is used whatever its version. */
  readonly explicit?: string | undefined
  readonly onProgress: (line: string) => void
}

/**
 * The path of a Temporal CLI that starts: the given one, else the pinned version from PATH, the user's cache, the SDK's
 * download, or built by `go install`.
 * @throws Error with a sentence that says what was tried and what to do
 */
export async function findTemporalCli({ explicit, onProgress }: TemporalCliOptions): Promise<string> {
  if (explicit) return checkExplicit(explicit)
  const installed =
    (await pinned(await findExecutable('temporal'), onProgress)) ?? (await pinned(await cached(), onProgress))
  if (installed) return installed
  const downloaded = await download(onProgress).catch((error: Error) => {
    // Whatever it returns is no path.
    onProgress(`No download of the Temporal CLI: ${lastCause(error)}`)
    return undefined
  })
  return downloaded ?? build(onProgress)
}

async function checkExplicit(path: string): Promise<string> {
  if (await versionOf(path)) return path
  throw new Error(
    `TEMPORAL_CLI=${path} is not a Temporal CLI that starts. Correct it, or leave it out to have one found.`,
  )
}

async function pinned(path: string | undefined, onProgress: (line: string) => void): Promise<string | undefined> {
  if (!path) return undefined
  const version = await versionOf(path)
  if (version?.includes(CLI.holds)) return path
  onProgress(
    `Passing over ${path}: it is ${version ?? 'not a program that starts'}, and Expertsmith is tested with ${CLI.version}`,
  )
  return undefined
}

const versionOf = (path: string): Promise<string | undefined> =>
  run(path, ['--version']).then(
    ({ stdout }) => (/^temporal version/.test(stdout) ? stdout.trim() : undefined),
    () => undefined,
  )

const cached = () => findExecutable(cachedTool('temporal', CLI.version))

/** The SDK downloads the official release by starting a server with it once. */
async function download(onProgress: (line: string) => void): Promise<string> {
  onProgress(`Downloading the Temporal CLI ${CLI.version}`)
  await mkdir(userCacheDir(), { recursive: true })
  const downloadDir = await mkdtemp(join(userCacheDir(), 'download-'))
  try {
    const executable = { type: 'cached-download', version: CLI.version, downloadDir } as const
    await (await TestWorkflowEnvironment.createLocal({ server: { executable } })).teardown()
    const [name] = await readdir(downloadDir)
    if (!name) throw new Error('the download left no file')
    return await moveToCache(join(downloadDir, name))
  } finally {
    await rm(downloadDir, { recursive: true, force: true })
  }
}

async function moveToCache(path: string): Promise<string> {
  const target = cachedTool('temporal', CLI.version)
  await mkdir(dirname(target), { recursive: true })
  await chmod(path, 0o755)
  await rename(path, target)
  return target
}

async function build(onProgress: (line: string) => void): Promise<string> {
  onProgress(`Building the Temporal CLI ${CLI.version} with Go: the first time only, 3 to 6 minutes`)
  try {
    const path = await goInstall(GO_TOOL, (line) => onProgress(`Building the Temporal CLI: ${line}`))
    if (await versionOf(path)) return path
    throw new Error(`what was built at ${path} does not start`)
  } catch (error) {
    throw new Error(
      `There is no Temporal CLI ${CLI.version} here, and none could be had: ${lastCause(error)}. Install it (https://docs.temporal.io/cli) and set TEMPORAL_CLI to its path, or set TEMPORAL_ADDRESS to a Temporal server that runs.`,
    )
  }
}

/** What went wrong at the bottom: of «a: b: c» the last part tells most. */
const lastCause = (error: unknown) => (error instanceof Error ? error.message : String(error)).split(': ').at(-1)
