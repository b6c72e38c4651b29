import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import envPaths from 'env-paths'

/** Where tools are kept for the user, across checkouts. */
export const userCacheDir = () => envPaths('expertsmith', { suffix: '' }).cache

export const cachedTool = (name: string, version: string) => join(userCacheDir(), 'bin', `${name}-${version}`, name)

export type GoTool = {
  /** What is built: `github.com/…/cmd/name`. */
  readonly module: string
  /** With the leading v. */
  readonly version: string
  readonly name: string
  /** About how many packages are compiled, for the progress. */
  readonly packages: number
}

/**
 * Builds a Go program into the user's cache and returns its path. Another process that builds the same at the same time
 * does no harm: the finished file is moved into place.
 * @throws Error with a sentence where `go` is missing or the build fails
 */
export async function goInstall(tool: GoTool, onProgress: (line: string) => void): Promise<string> {
  const path = cachedTool(tool.name, tool.version)
  const buildDir = join(userCacheDir(), `build-${process.pid}-${Date.now()}`)
  await mkdir(buildDir, { recursive: true })
  try {
    await build(tool, buildDir, onProgress)
    await mkdir(dirname(path), { recursive: true })
    await rename(join(buildDir, tool.name), path)
    return path
  } finally {
    await rm(buildDir, { recursive: true, force: true })
  }
}

async function build({ module, version, packages }: GoTool, dir: string, onProgress: (line: string) => void) {
  const go = spawn('go', ['install', '-v', `${module}@${version}`], {
    env: { ...process.env, GOBIN: dir, GOFLAGS: '-mod=mod' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const last: string[] = []
  let compiled = 0
  createInterface({ input: go.stderr }).on('line', (line) => {
    last.push(line)
    if (last.length > 5) last.shift()
    // Downloads are announced by «go: downloading …»; every other line is a package that is compiled.
    if (!line.startsWith('go: ')) compiled++
    onProgress(line.startsWith('go: ') ? line.slice(4) : `${compiled} of about ${packages} packages compiled`)
  })
  const [code] = await once(go, 'close').catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Go could not be started (${error.code}), which would have built it`)
  })
  if (code !== 0) throw new Error(`go install ${module}@${version} ended with code ${code}: ${last.join(' | ')}`)
}
