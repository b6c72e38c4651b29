import { Command, Option } from 'commander'
import ms from 'ms'
import { loadClientConfig } from '../config.ts'
import type { Scope } from '../domain/api-key.ts'
import { SCOPES } from '../domain/api-key.ts'
import type { ApiKeyJson } from './api-client.ts'
import { ApiClient } from './api-client.ts'

type NewKey = {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly user?: string
  readonly expires?: Date
}

/** By the API, with the key in API_KEY; without one as long as there is none, on the API's own machine. */
const api = () => {
  const { url, apiKey } = loadClientConfig()
  return new ApiClient(url, apiKey)
}

const print = (text: string) => process.stdout.write(`${text}\n`)

export function keys(): Command {
  const command = new Command('keys').description('Make, list and revoke API keys.')
  command
    .command('create')
    .description('Make an API key. It is shown once. From the first one on every request needs a key.')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--scopes <scope...>', 'what it may do').choices(SCOPES).default(['read', 'write']))
    .option('--user <id>', 'whose data it gives access to; unset: your own')
    .option('--expires <duration>', 'after how long it ends, such as 90d; unset: never', toExpiry)
    .action(create)
  command.command('list').description('List all API keys, newest first.').action(list)
  command
    .command('revoke')
    .description('Revoke API keys, from now on.')
    .argument('<prefix-or-id...>', 'as keys list shows it')
    .action(revoke)
  return command
}

async function create({ name, scopes, user, expires }: NewKey): Promise<void> {
  const { key, ...made } = await api().createKey({
    name,
    scopes: [...scopes],
    ...(user && { user_id: user }),
    ...(expires && { expires_at: expires.toISOString() }),
  })
  print(key)
  process.stderr.write(
    `${describe(made)}\nThe key is shown this once. Send it as "Authorization: Bearer ${made.prefix}…".\n`,
  )
}

async function list(): Promise<void> {
  const all = await api().keys()
  for (const key of all) print(describe(key))
  if (all.length === 0) print('There are no keys: everybody on the machine of the API may do everything.')
}

async function revoke(wanted: readonly string[]): Promise<void> {
  const all = await api().keys()
  for (const each of wanted) {
    const found = all.filter(({ id, prefix }) => id === each || prefix === each)
    const [key] = found
    if (!key || found.length > 1)
      throw new Error(`There is no key ${each}; npm run expertsmith -- keys list shows them.`)
    await api().revokeKey(key.id)
    print(`Revoked ${key.prefix}… (${key.name})`)
  }
}

const describe = ({ prefix, name, scopes, user_id, expires_at, revoked_at, last_used_at }: ApiKeyJson) =>
  [
    `${prefix}…`,
    name,
    scopes.join('+'),
    `user ${user_id}`,
    revoked_at ? `revoked ${revoked_at}` : `expires ${expires_at ?? 'never'}`,
    `used ${last_used_at ?? 'never'}`,
  ].join('  ')

function toExpiry(duration: string): Date {
  const milliseconds = ms(duration as ms.StringValue)
  if (typeof milliseconds !== 'number' || milliseconds <= 0)
    throw new Error(`--expires ${duration} is not a duration such as 90d`)
  return new Date(Date.now() + milliseconds)
}
