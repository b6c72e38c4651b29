import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { POOLING, readModelFolder } from '../model-folder.ts'
import { NEEDED, ONNX_FILES } from '../why-not-set-up.ts'
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

/** A model that made room for another one. Experts may have been made with it. */
type KeptModel = { readonly model: string; readonly dir: string }

type KeptModels = { readonly dir: string; readonly former: KeptModel | undefined }

/** `path`: where the model is to be checked, and then left by `keep`. */
export type FetchedModel = { readonly path: string; readonly revision: string; keep(): Promise<KeptModels> }

const ORIGIN = 'origin.json'
const COMMIT = /^[0-9a-f]{40}$/
/** What else is written meanwhile. */
const SPARE_BYTES = 50_000_000

export const modelDir = (modelsDir: string, repository: string): string => join(modelsDir, repository)

/** Where the model was fetched from, if it is there and nothing of it has changed since. */
export async function originOf(dir: string): Promise<Origin | undefined> {
  const origin = await noted(dir)
  return origin && (await areWhole(dir, origin.files)) ? origin : undefined
}

async function noted(dir: string): Promise<Origin | undefined> {
  const json = await readFile(join(dir, ORIGIN), 'utf8').catch(() => undefined)
  return json === undefined ? undefined : JSON.parse(json)
}

async function areWhole(dir: string, files: readonly HubFile[]): Promise<boolean> {
  for (const file of files) {
    const path = join(dir, file.path)
    if (!(await isThere(path)) || (await faultOf(path, file))) return false
  }
  return true
}

/**
 * Fetches a model beside those that are there; one that was begun is gone on with. It takes its place by `keep`, in one step.
 * @throws Error with a sentence that says what to do
 */
export async function fetchModel(options: FetchOptions): Promise<FetchedModel> {
  const { modelsDir, repository, signal, onProgress } = options
  const revision = await resolveRevision(options)
  const files = await survey(new HubRepository({ ...options, revision }, signal))
  const fetching = join(modelsDir, '.fetching', repository)
  const staging = join(fetching, folderOf(revision), basename(repository))
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
  return { path: staging, revision, keep: () => replace(staging, modelDir(modelsDir, repository), fetching) }
}

/** Whatever a revision is named. */
const folderOf = (revision: string) => createHash('sha256').update(revision).digest('hex').slice(0, 12)

/** The commit that a branch or a tag stands for, where the hub says it: it may move while files are fetched. */
export async function resolveRevision({
  revision,
  signal,
  ...hub
}: HubAddress & Pick<FetchOptions, 'signal'>): Promise<string> {
  if (COMMIT.test(revision)) return revision
  const commit = await new HubRepository({ ...hub, revision }, signal).commit('config.json')
  return commit !== undefined && COMMIT.test(commit) ? commit : revision
}

async function survey(hub: HubRepository): Promise<HubFile[]> {
  const files: HubFile[] = []
  for (const path of [...NEEDED, ONNX_FILES.q8]) files.push(await hub.file(path))
  const pooling = await hub.fileIfAny(POOLING)
  return pooling ? [...files, pooling] : files
}

/** In two steps, each of which leaves the model that was there where it is found. */
async function replace(staging: string, dir: string, fetching: string): Promise<KeptModels> {
  await mkdir(dirname(dir), { recursive: true })
  const former = await setAside(dir, await nameOf(staging))
  await rename(staging, dir)
  await rm(fetching, { recursive: true, force: true })
  // Unless another model was begun, which has the rest of it.
  for (const parent of [dirname(fetching), dirname(dirname(fetching))]) await rmdir(parent).catch(() => undefined)
  return { dir, former }
}

/** To `<owner>@<digest>/<name>`, wherever it came from. What is damaged, or the same, is of no use to anybody. */
async function setAside(dir: string, successor: string | undefined): Promise<KeptModel | undefined> {
  const model = (await isDamaged(dir)) ? undefined : await nameOf(dir)
  if (!model || model === successor) {
    await rm(dir, { recursive: true, force: true })
    return undefined
  }
  const aside = join(`${dirname(dir)}@${model.split('@').at(-1)}`, basename(dir))
  await rm(aside, { recursive: true, force: true })
  await mkdir(dirname(aside), { recursive: true })
  await rename(dir, aside)
  return { model, dir: aside }
}

/** In what its vectors depend on; the rest somebody may have changed. What was not fetched cannot be told. */
async function isDamaged(dir: string): Promise<boolean> {
  const { files = [] } = (await noted(dir)) ?? {}
  return !(await areWhole(
    dir,
    files.filter(({ path }) => path.startsWith('onnx/') || path === 'tokenizer.json'),
  ))
}

const nameOf = (dir: string): Promise<string | undefined> =>
  readModelFolder(dir).then(
    ({ name }) => name,
    () => undefined,
  )
