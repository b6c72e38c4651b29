import type { LocalSetupConfig } from '../../../config.ts'
import { bytes, count } from '../../output.ts'
import type { SetupResult } from './setup-result.ts'

/** What was done, where it is, and what the model can do: a line each. */
export const describeSetup = (result: SetupResult): string =>
  [
    describePackage(result),
    describeModel(result),
    describeCheck(result),
    ...(result.model.former ? [describeFormer(result.model.former)] : []),
  ].join('\n')

function describePackage({ package: { name, version, dir, bytes: size, is_new } }: SetupResult): string {
  return `✅ Package: ${name} ${version} ${is_new ? 'was installed' : 'is there'}, ${bytes(size)} in ${dir}`
}

function describeModel({ model: { dir, bytes: size, is_new, origin } }: SetupResult): string {
  if (!origin) return `✅ Model: a folder of your own, ${bytes(size)} in ${dir}`
  const what = `${origin.repository} (${describeRevision(origin)})`
  const done = is_new ? `was fetched from ${new URL(origin.hub).host}` : 'is there'
  return `✅ Model: ${what} ${done}, ${bytes(size)} in ${dir}`
}

function describeRevision({ revision, asked }: NonNullable<SetupResult['model']['origin']>): string {
  const commit = revision.slice(0, 8)
  return asked === null || asked === revision ? commit : `${asked} is ${commit}`
}

const describeFormer = ({ model, dir, bytes: size }: NonNullable<SetupResult['model']['former']>) =>
  `✅ Kept: ${model}, which was there before, ${bytes(size)} in ${dir}, for experts that were made with it; once there are none (embeddings.model in GET /experts): rm -r ${dir}`

function describeCheck({ check }: SetupResult): string {
  const speed = `${Math.round(check.passages_per_second)} passages of 150 tokens a second in ${count(check.threads, 'thread')}`
  const nearness = `like sentences are nearer (${check.alike.toFixed(2)}) than unlike ones (${check.unlike.toFixed(2)})`
  return `✅ Tried: ${check.model} gives ${check.dimensions} dimensions and takes ${check.tokens_per_input} tokens; ${nearness}; ${speed}`
}

export function whatIsNext({ model }: SetupResult, { modelPath }: LocalSetupConfig): string {
  const variable = model.dir === modelPath ? '' : `set EMBEDDING_MODEL_PATH=${model.dir}, and `
  const next = `${variable}restart Expertsmith`
  return `\n${next[0]?.toUpperCase()}${next.slice(1)}. New experts are made with it where OPENAI_API_KEY is not set; EMBEDDINGS=local chooses it in any case. More: docs/local-embeddings.md`
}
