import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { installPackage } from '../../adapters/local/setup/install-package.ts'
import { withSetupLock } from '../../adapters/local/setup/with-setup-lock.ts'
import { loadLocalSetupConfig } from '../../config.ts'

const MODELS = resolve(import.meta.dirname, '../..', process.env.EXPERTSMITH_MODELS ?? '../shared/models')

/** A real one, which is not part of the project: all-MiniLM-L6-v2, quantised. */
export const modelPath = join(MODELS, 'all-MiniLM-L6-v2')

/** False, or why tests of the local embedder cannot run here: for the `skip` option of a test. */
export const modelMissing: string | false = existsSync(join(modelPath, 'config.json'))
  ? false
  : `no model at ${modelPath}; EXPERTSMITH_MODELS names another place`

/**
 * Where the package is installed for the user, as `setup local` does it: by whoever asks first, which takes its time once.
 * @returns its folder
 */
export async function installedPackage(): Promise<string> {
  const { packageDir } = loadLocalSetupConfig({ LOCAL_EMBEDDINGS_DIR: process.env.LOCAL_EMBEDDINGS_DIR })
  const options = { packageDir, onProgress: () => undefined }
  await withSetupLock(dirname(packageDir), { onWait: () => undefined }, () => installPackage(options))
  return packageDir
}
