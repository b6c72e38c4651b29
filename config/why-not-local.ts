import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalEmbeddingsConfig } from './local-embeddings.ts'

const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json']
/** One of them. */
const MODELS = ['onnx/model_quantized.onnx', 'onnx/model.onnx']

/** What is missing, as a sentence goes on; undefined where all is there. Looks for files, and into none. */
export function whyNotLocal({ modelPath, packageDir }: LocalEmbeddingsConfig): string | undefined {
  if (!existsSync(join(packageDir, 'node_modules', '@huggingface', 'transformers', 'package.json')))
    return `what runs local models is not installed in ${packageDir}`
  const lacks = (file: string) => !existsSync(join(modelPath, file))
  const missing = FILES.find(lacks) ?? (MODELS.every(lacks) ? MODELS[0] : undefined)
  return missing && `there is no ${missing} in ${modelPath}`
}
