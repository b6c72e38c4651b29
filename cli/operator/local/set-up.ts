import { checkEmbedder } from '../../../adapters/local/setup/check-embedder.ts'
import type { Origin } from '../../../adapters/local/setup/fetch-model.ts'
import { fetchModel, modelDir, originOf, resolveRevision } from '../../../adapters/local/setup/fetch-model.ts'
import { folderSize } from '../../../adapters/local/setup/folder-size.ts'
import type { InstalledPackage } from '../../../adapters/local/setup/install-package.ts'
import { installPackage } from '../../../adapters/local/setup/install-package.ts'
import { LocalEmbedder } from '../../../adapters/local-embedder.ts'
import type { LocalSetupConfig } from '../../../config.ts'
import { bytes } from '../../output.ts'
import { Pace } from '../../pace.ts'
import { ProgressLine } from '../../progress-line.ts'
import type { SetupResult, WantedModel } from './setup-result.ts'

type SetupOptions = {
  readonly config: LocalSetupConfig
  /** Undefined: the model is in a folder of the user's own. */
  readonly model: WantedModel | undefined
  readonly signal: AbortSignal
  readonly quiet: boolean
}

/** @throws Error with a sentence that says what to do */
export async function setUp(options: SetupOptions): Promise<SetupResult> {
  const { config, signal, quiet } = options
  const installed = await showing('Installing packages: ', quiet, (onProgress) =>
    installPackage({ packageDir: config.packageDir, signal, onProgress }),
  )
  return options.model ? hubModel({ ...options, model: options.model }, installed) : ownModel(config, installed)
}

async function ownModel(config: LocalSetupConfig, installed: InstalledPackage): Promise<SetupResult> {
  const check = await tryModel(config, config.modelPath)
  const model = {
    dir: config.modelPath,
    bytes: await folderSize(config.modelPath),
    is_new: false,
    origin: null,
    former: null,
  }
  return { package: toJson(installed), model, check }
}

async function hubModel(
  { config, model, signal, quiet }: SetupOptions & { readonly model: WantedModel },
  installed: InstalledPackage,
): Promise<SetupResult> {
  const { modelsDir, hubUrl } = config
  const present = modelDir(modelsDir, model.repository)
  const known = await originOf(present)
  const revision = await commitOf(model, { known, hubUrl, signal })
  const isThere = known?.revision === revision
  const fetched = isThere
    ? { path: present, revision, keep: async () => ({ dir: present, former: undefined }) }
    : await showing('Fetching the model: ', quiet, (onProgress) =>
        fetchModel({ ...model, revision, modelsDir, hubUrl, signal, onProgress }),
      )
  // Before it takes the place of another one.
  const check = await tryModel(config, fetched.path)
  const { dir, former } = await fetched.keep()
  const { repository, revision: asked = null } = model
  return {
    package: toJson(installed),
    model: {
      ...{ dir, bytes: await folderSize(dir), is_new: !isThere },
      origin: { hub: hubUrl, repository, revision: fetched.revision, asked },
      former: former ? { ...former, bytes: await folderSize(former.dir) } : null,
    },
    check,
  }
}

type Known = Pick<SetupOptions, 'signal'> & { readonly known: Origin | undefined; readonly hubUrl: string }

/** Where no revision is asked for, what is there stays as it is, and nobody is asked; a branch or a tag may have moved. */
async function commitOf({ repository, revision }: WantedModel, { known, ...hub }: Known): Promise<string> {
  if (known && revision === undefined) return known.revision
  return resolveRevision({ ...hub, repository, revision: revision ?? 'main' })
}

async function tryModel({ packageDir, threads }: LocalSetupConfig, modelPath: string): Promise<SetupResult['check']> {
  const embedder = await LocalEmbedder.open({ modelPath, packageDir, threads })
  try {
    const { tokensPerInput, passagesPerSecond, ...check } = await checkEmbedder(embedder, threads)
    return { ...check, tokens_per_input: tokensPerInput, passages_per_second: passagesPerSecond, threads }
  } finally {
    await embedder.close()
  }
}

async function showing<T>(
  what: string,
  quiet: boolean,
  work: (onProgress: (done: number, total: number) => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine({ quiet })
  let pace: Pace | undefined
  try {
    return await work((value, total) => {
      pace ??= new Pace(value)
      line.show({ value, total, text: `${what}${bytes(value)} of ${bytes(total)}${pace.of(value, total)}` })
    })
  } finally {
    line.stop()
  }
}

const toJson = ({ isNew, ...installed }: InstalledPackage) => ({ ...installed, is_new: isNew })
