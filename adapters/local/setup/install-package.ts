import { execFile } from 'node:child_process'
import { copyFile, glob, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setInterval } from 'node:timers/promises'
import { promisify } from 'node:util'
import { TRANSFORMERS } from '../transformers.ts'
import { checkRoom } from './check-room.ts'
import { folderSize } from './folder-size.ts'
import { npmInstall } from './npm-install.ts'

/** What is installed, by its own lock file. */
const SOURCE = join(import.meta.dirname, '../../../local')
const LOCK = 'package-lock.json'
const FILES = ['package.json', LOCK, '.npmrc']
/** About what it takes on the disk while it is being installed. */
const EXPECTED_BYTES = 300_000_000
const SPARE_BYTES = 50_000_000

export type InstalledPackage = {
  readonly name: string
  readonly version: string
  readonly dir: string
  readonly bytes: number
  /** Whether it was not there before. */
  readonly isNew: boolean
}

export type InstallOptions = {
  readonly packageDir: string
  /** Bytes that are there, and about how many there will be. */
  readonly onProgress: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Installs @huggingface/transformers by our lock file, unless that very installation is there already. It appears whole, or
 * not at all. @throws Error with a sentence that says what to do
 */
export async function installPackage(options: InstallOptions): Promise<InstalledPackage> {
  const { packageDir } = options
  const isNew = !(await isInstalled(packageDir))
  if (isNew) await install(options)
  const { version } = JSON.parse(await readFile(join(packageDir, 'node_modules', TRANSFORMERS, 'package.json'), 'utf8'))
  return { name: TRANSFORMERS, version, dir: packageDir, bytes: await folderSize(packageDir), isNew }
}

/** One that was copied from another platform, or damaged, is installed anew. */
async function isInstalled(packageDir: string): Promise<boolean> {
  const wanted = await readFile(join(SOURCE, LOCK), 'utf8')
  if (wanted !== (await readFile(join(packageDir, LOCK), 'utf8').catch(() => undefined))) return false
  return tryToLoad(packageDir).then(
    () => true,
    () => false,
  )
}

async function install({ packageDir, onProgress, signal }: InstallOptions): Promise<void> {
  const staging = `${packageDir}.new`
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging, { recursive: true })
  await checkRoom(staging, EXPECTED_BYTES + SPARE_BYTES, 'installing packages takes')
  for (const file of FILES) await copyFile(join(SOURCE, file), join(staging, file))
  const over = new AbortController()
  const watching = watch(staging, onProgress, over.signal)
  try {
    await npmInstall(staging, signal)
  } finally {
    over.abort()
    await watching
  }
  await removeOtherPlatforms(staging)
  await tryToLoad(staging)
  await mkdir(dirname(packageDir), { recursive: true })
  await rm(packageDir, { recursive: true, force: true })
  await rename(staging, packageDir)
}

/** npm itself says nothing until it is done. */
async function watch(dir: string, onProgress: InstallOptions['onProgress'], signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of setInterval(1_000, undefined, { signal }))
      onProgress(Math.min(await folderSize(dir), EXPECTED_BYTES), EXPECTED_BYTES)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** ONNX comes for every platform at once, in folders `<platform>/<architecture>`. */
async function removeOtherPlatforms(dir: string): Promise<void> {
  const binaries = join(dir, 'node_modules/onnxruntime-node/bin')
  const own = join(process.platform, process.arch)
  for await (const path of glob('*/*/*', { cwd: binaries }))
    if (!path.endsWith(own)) await rm(join(binaries, path), { recursive: true, force: true })
}

/** npm may end with success on a full disk, with files that are cut off. */
async function tryToLoad(dir: string): Promise<void> {
  const program = `require('${TRANSFORMERS}')`
  await promisify(execFile)(process.execPath, ['-e', program], { cwd: dir }).catch((cause: { stderr?: string }) => {
    const line = cause.stderr?.split('\n').find((each) => /Error:/.test(each)) ?? 'it says nothing'
    throw new Error(
      `What npm has installed cannot be loaded (${line.trim()}). Is the disk full, or does ONNX not know this platform (${process.platform} ${process.arch})? Then try again.`,
      { cause },
    )
  })
}
