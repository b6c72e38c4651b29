import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalEmbeddingsConfig } from './local-embeddings.ts'

/** What is missing, as a sentence goes on; undefined where all is there. Looks for files, and into none. */
export function whyNotLocal({ modelPath, packageDir }: LocalEmbeddingsConfig): string | undefined {
  if (!existsSync(join(packageDir, 'node_modules', '@huggingface', 'transformers', 'package.json')))
    return `what runs local models is not installed in ${packageDir}`
  const missing = ['config.json', 'tokenizer.json', 'onnx'].find((name) => !existsSync(join(modelPath, name)))
  return missing && `there is no ${missing} in ${modelPath}`
}
