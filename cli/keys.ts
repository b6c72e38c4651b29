import { Command } from 'commander'
import type { Scope } from '../domain/api-key.ts'
import { SCOPES } from '../domain/api-key.ts'
import type { ApiKeyJson } from './api/keys-api.ts'
import { attempt } from './attempt.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { tellFailures } from './exit-codes.ts'
import { expiry } from './expiry.ts'
import { failureLines } from './failure-lines.ts'
import { apiCommand, someOf } from './options.ts'
import { print, printJson, say } from './output.ts'
import { plainLine } from './plain-text.ts'

type NewKey = ApiOptions & {
  readonly name: string
  readonly scopes?: readonly Scope[]
  readonly user?: string
  readonly expires?: Date
}

/** By the API, with the key in API_KEY; without one as long as there is none, on the API's own machine. */
export function keys(): Command {
  const command = new Command('keys').description('Make, list and revoke API keys.')
  const creation = apiCommand(
    'create',
    'Make an API key. It is shown once. From the first one on every request needs a key.',
  )
    .requiredOption('--name <name>', 'what it is for')
    .addOption(someOf('--scopes <scope...>', 'what it may do; unset: read and write', SCOPES))
    .option('--user <id>', 'whose data it gives access to; unset: your own')
    .option('--expires <duration>', 'after how long it ends, such as 90d; unset: never', expiry)
    .action(create)
  const revocation = apiCommand('revoke', 'Revoke API keys, from now on.')
    .argument('<prefix-or-id...>', 'as keys list shows it')
    .action(revoke)
  return command
    .addCommand(creation)
    .addCommand(apiCommand('list', 'List all API keys, newest first.').action(list))
    .addCommand(revocation)
}

async function create(options: NewKey): Promise<void> {
  const { name, scopes = ['read', 'write'], user, expires, json } = options
  const made = await connectApi(options).keys.create({
    name,
    scopes: [...scopes],
    ...(user && { user_id: user }),
    ...(expires && { expires_at: expires.toISOString() }),
  })
  if (json) return printJson(made)
  print(made.key)
  say(`${describe(made)}\nThe key is shown this once. Send it as "Authorization: Bearer ${made.prefix}…".`)
}

async function list(options: ApiOptions): Promise<void> {
  const all = await Array.fromAsync(connectApi(options).keys.list())
  if (options.json) return printJson(all)
  for (const key of all) print(describe(key))
  if (all.length === 0) print('There are no keys: everybody on the machine of the API may do everything.')
}

async function revoke(wanted: readonly string[], options: ApiOptions): Promise<void> {
  const api = connectApi(options)
  const all = await Array.fromAsync(api.keys.list())
  const found = wanted.map((each) => keyIn(all, each))
  const { done: revoked, failed } = await attempt(found, async ({ id, name, prefix }) => {
    await api.keys.revoke(id)
    return { id, name, prefix }
  })
  if (options.json) printJson({ revoked, failed })
  else for (const { prefix, name } of revoked) print(`Revoked ${prefix}… (${plainLine(name)})`)
  for (const line of failureLines(failed, { what: 'key', stream: process.stderr })) say(line)
  tellFailures(failed.length, found.length)
}

function keyIn(all: readonly ApiKeyJson[], wanted: string): ApiKeyJson {
  const [key, ...others] = all.filter(({ id, prefix }) => id === wanted || prefix === wanted)
  if (key && others.length === 0) return key
  throw new Error(`${key ? 'There are several keys' : 'There is no key'} ${wanted}; expertsmith keys list shows them.`)
}

const describe = ({ prefix, name, scopes, user_id, expires_at, revoked_at, last_used_at }: ApiKeyJson) =>
  [
    `${prefix}…`,
    plainLine(name),
    scopes.join('+'),
    `user ${user_id}`,
    revoked_at ? `revoked ${revoked_at}` : `expires ${expires_at ?? 'never'}`,
    `used ${last_used_at ?? 'never'}`,
  ].join('  ')
