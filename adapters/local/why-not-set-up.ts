import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { TRANSFORMERS } from './transformers.ts'

/* Why a local model cannot be used, as a sentence goes on; undefined where all is there. Looks for files, and into none. */

export const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const
/** One of them. Quantised first: a quarter of the size, and faster. */
export const ONNX_FILES = { q8: 'onnx/model_quantized.onnx', fp32: 'onnx/model.onnx' } as const
export type Dtype = keyof typeof ONNX_FILES

export const whyNoPackage = (packageDir: string): string | undefined =>
  existsSync(join(packageDir, 'node_modules', TRANSFORMERS, 'package.json'))
    ? undefined
    : `what runs local models (${TRANSFORMERS}) is not installed in ${packageDir}`

export function whyNoModel(modelPath: string): string | undefined {
  const missing = NEEDED.find((file) => !existsSync(join(modelPath, file)))
  if (missing) return `there is no ${missing} in ${modelPath}`
  return dtypeOf(modelPath) ? undefined : `there is no ${ONNX_FILES.q8} or ${ONNX_FILES.fp32} in ${modelPath}`
}

export const dtypeOf = (modelPath: string): Dtype | undefined =>
  (Object.keys(ONNX_FILES) as Dtype[]).find((dtype) => existsSync(join(modelPath, ONNX_FILES[dtype])))
