import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** For `LOCAL_EMBEDDINGS_DIR` and `EMBEDDING_MODEL_PATH`. */
export const fakeLocalSetup = (dir: string) => ({
  LOCAL_EMBEDDINGS_DIR: dir,
  EMBEDDING_MODEL_PATH: join(dir, 'model'),
})

/** Empty files, where `npm run setup:local` would put others: enough to be chosen, and nothing to embed with. */
export async function fakeSetUp(dir: string, afterEach: () => void = () => undefined): Promise<void> {
  const transformers = join(dir, 'package', 'node_modules', '@huggingface', 'transformers')
  await Promise.all([transformers, join(dir, 'model', 'onnx')].map((path) => mkdir(path, { recursive: true })))
  await writeFile(join(transformers, 'package.json'), '{}')
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']) {
    await writeFile(join(dir, 'model', file), '')
    afterEach()
  }
}
