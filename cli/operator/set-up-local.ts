import { setGlobalProxyFromEnv } from 'node:http'
import { dirname } from 'node:path'
import { withSetupLock } from '../../adapters/local/setup/with-setup-lock.ts'
import type { LocalSetupConfig } from '../../config.ts'
import { loadLocalSetupConfig } from '../../config.ts'
import { interruptible } from '../interrupt.ts'
import { print, printJson, say } from '../output.ts'
import { UsageError } from '../usage-error.ts'
import { describeSetup, whatIsNext } from './local/describe-setup.ts'
import { setUp } from './local/set-up.ts'
import type { WantedModel } from './local/setup-result.ts'

type Options = { readonly model?: string; readonly revision?: string; readonly json?: boolean }

const INTERRUPTED = 'Stopped. What was fetched is kept: the same command goes on with it.'

/** Installs what the local embedder runs on, fetches a model, and tries it. Can be repeated at any time: what is there is left as it is. */
export async function setUpLocal({ json = false, ...asked }: Options): Promise<void> {
  const config = loadLocalSetupConfig()
  const model = wantedModel(config, asked)
  // As curl and npm do.
  setGlobalProxyFromEnv()
  const onWait = () => say('Another set-up is under way. This one waits for its end.')
  const result = await interruptible(
    () => INTERRUPTED,
    (signal) =>
      withSetupLock(dirname(config.packageDir), { onWait, signal }, () =>
        setUp({ config, model, signal, quiet: json }),
      ),
  )
  if (json) return printJson(result)
  print(describeSetup(result))
  print(whatIsNext(result, config))
}

/** Undefined where a folder is named that has one. */
function wantedModel(config: LocalSetupConfig, { model, revision }: Options): WantedModel | undefined {
  if (!model && revision) throw new UsageError('--revision is that of a model: name it too (--model <owner>/<name>).')
  if (!model) return config.hasOwnModel ? undefined : config.usualModel
  if (config.hasOwnModel)
    throw new UsageError('EMBEDDING_MODEL_PATH names a folder with a model. Leave it out to fetch another one.')
  return model === config.usualModel.repository && !revision ? config.usualModel : { repository: model, revision }
}
