import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { NEEDED, POOLING, QUANTISED } from '../model-folder.ts'
import { checkRoom } from './check-room.ts'
import { downloadFile } from './download-file.ts'
import type { HubAddress, HubFile } from './hub-repository.ts'
import { HubRepository } from './hub-repository.ts'
import { faultOf, isThere } from './verify-file.ts'

/** What a folder was fetched from, which lies beside the files. */
export type Origin = {
  readonly repository: string
  /** A commit, where the hub says it. */
  readonly revision: string
  readonly files: readonly HubFile[]
}

export type FetchOptions = HubAddress & {
  readonly modelsDir: string
  /** Bytes of all files. */
  readonly onProgress: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

/** `path`: where the model is to be checked, and then left by `keep`. */
export type FetchedModel = { readonly path: string; readonly revision: string; keep(): Promise<string> }

const ORIGIN = 'origin.json'
const COMMIT = /^[0-9a-f]{40}$/
/** What else is written meanwhile. */
const SPARE_BYTES = 50_000_000

export const modelDir = (modelsDir: string, repository: string): string => join(modelsDir, repository)

/** Where the model was fetched from, if it is there and nothing of it has changed since. */
export async function originOf(dir: string): Promise<Origin | undefined> {
  const json = await readFile(join(dir, ORIGIN), 'utf8').catch(() => undefined)
  if (json === undefined) return undefined
  const origin: Origin = JSON.parse(json)
  for (const file of origin.files) {
    const path = join(dir, file.path)
    if (!(await isThere(path)) || (await faultOf(path, file))) return undefined
  }
  return origin
}

/**
 * Fetches a model beside those that are there; one that was begun is gone on with. It takes its place by `keep`, in one step.
 * @throws Error with a sentence that says what to do
 */
export async function fetchModel(options: FetchOptions): Promise<FetchedModel> {
  const { modelsDir, repository, signal, onProgress } = options
  const revision = await pinned(options)
  const files = await survey(new HubRepository({ ...options, revision }, signal))
  const staging = join(modelsDir, '.fetching', folderOf(revision), repository)
  await mkdir(staging, { recursive: true })
  const total = files.reduce((sum, { size }) => sum + size, 0)
  await checkRoom(staging, total + SPARE_BYTES, 'the model needs')
  let done = 0
  for (const file of files) {
    await downloadFile(file, join(staging, file.path), {
      signal,
      onProgress: (bytes) => onProgress(done + bytes, total),
    })
    done += file.size
  }
  const origin: Origin = { repository, revision, files }
  await writeFile(join(staging, ORIGIN), `${JSON.stringify(origin, null, 2)}\n`)
  return { path: staging, revision, keep: () => replace(staging, modelDir(modelsDir, repository), modelsDir) }
}

/** Whatever a revision is named. */
const folderOf = (revision: string) => createHash('sha256').update(revision).digest('hex').slice(0, 12)

/** A branch may move while its files are fetched. */
async function pinned({ revision, signal, ...hub }: FetchOptions): Promise<string> {
  if (COMMIT.test(revision)) return revision
  const commit = await new HubRepository({ ...hub, revision }, signal).commit('config.json')
  return commit !== undefined && COMMIT.test(commit) ? commit : revision
}

async function survey(hub: HubRepository): Promise<HubFile[]> {
  const files: HubFile[] = []
  for (const path of [...NEEDED, QUANTISED]) files.push(await hub.file(path))
  const pooling = await hub.fileIfAny(POOLING)
  return pooling ? [...files, pooling] : files
}

async function replace(staging: string, target: string, modelsDir: string): Promise<string> {
  const old = join(modelsDir, '.fetching', 'old')
  await rm(old, { recursive: true, force: true })
  await mkdir(dirname(target), { recursive: true })
  if (await isThere(target)) await rename(target, old)
  await rename(staging, target)
  await rm(join(modelsDir, '.fetching'), { recursive: true, force: true })
  return target
}
