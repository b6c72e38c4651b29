import { Command, InvalidArgumentError } from 'commander'
import { apiCommand, newCommand, wholeNumber } from './options.ts'

// What they do is loaded when it is asked for: it brings the clients of all services along, which other commands do without.

export const doctor = (): Command =>
  apiCommand(
    'doctor',
    'Look at everything that Expertsmith needs, say what is wrong, and how to mend it. Asking for an embedding costs one token, and so may an answer.',
  ).action(async (options) => (await import('./operator/doctor.ts')).doctor(options))

export const s3 = (): Command => new Command('s3').description('See to the bucket.').addCommand(s3Setup())

const s3Setup = () =>
  newCommand(
    'setup',
    'Set the CORS and lifecycle rules that direct uploads and derived artefacts need, beside those that others have set.',
  )
    .option('--origin <origin...>', 'pages that send direct uploads; unset: those of CORS_ORIGINS', toOrigins)
    .option(
      '--derived-days <days>',
      'after how many days what was derived of files goes; unset: 30, or what RETRY_WINDOW and FILE_DEADLINE take together, the least',
      wholeNumber(1, 36_500),
    )
    .option('--dry-run', 'only say what would be set')
    .action(async (options) => (await import('./operator/set-up-bucket.ts')).setUpBucket(options))

export const setup = (): Command =>
  new Command('setup').description('Set up what is not part of the installation.').addCommand(setupLocal())

const setupLocal = () =>
  newCommand(
    'local',
    'Set up embeddings by a model on this machine: install the package, fetch the model, and try it. What is there is left as it is.',
  )
    .option('--model <owner/name>', 'another model of the hub, which must come as ONNX', toRepository)
    .option('--revision <revision>', 'its branch, tag or commit; unset: what is there, or else main')
    .action(async (options) => (await import('./operator/set-up-local.ts')).setUpLocal(options))

export const rebuildVectors = (): Command =>
  newCommand(
    'rebuild-vectors',
    'Store the vectors of experts again, of all where none is named: after the vector store was lost or restored.',
  )
    .argument('[expert...]', 'ids of experts')
    .action(async (experts, options) =>
      (await import('./operator/rebuild-vectors.ts')).rebuildVectors(experts, options),
    )

/** As browsers name it: no path, and no slash at the end. */
function toOrigins(given: string, others: readonly string[] = []): string[] {
  const isOrigin = given === '*' || (URL.canParse(given) && new URL(given).origin === given)
  if (!isOrigin) throw new InvalidArgumentError('An origin is https://app.example.org, or * for any page.')
  return [...others, given]
}

function toRepository(given: string): string {
  if (/^[\w.-]+\/[\w.-]+$/.test(given) && !given.includes('..')) return given
  throw new InvalidArgumentError('A model is named as the hub does: Xenova/all-MiniLM-L6-v2.')
}
