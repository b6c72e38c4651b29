import { probeChat } from '../../../adapters/openai-chat-probe.ts'
import type { ChatConfig } from '../../../config.ts'
import { ChatFailure } from '../../../domain/chat-failure.ts'
import type { Group } from './check.ts'
import { messageOf, ok, skipped } from './check.ts'

/** The cheapest request that tells whether experts can be asked. */
export function askingChecks(config: ChatConfig | undefined): Group {
  if (!config)
    return {
      name: 'Asking',
      checks: [
        {
          name: 'Key and model',
          find: async () => skipped('no language model is set: OPENAI_API_KEY, or CHAT_API_KEY and CHAT_BASE_URL'),
        },
      ],
    }
  return {
    name: `Asking: ${config.model}`,
    checks: [
      {
        name: 'Key and model',
        find: async (signal) =>
          (await probeChat(config, signal)) === 'described'
            ? ok('are accepted')
            : ok('are accepted; asking has cost an answer of one token'),
        explain: (error) => ({ detail: describe(error), fix: fixFor(error, config) }),
      },
    ],
  }
}

const describe = (error: unknown) =>
  error instanceof ChatFailure ? [error.code, error.message].filter(Boolean).join(': ') : messageOf(error)

/** Which of them is read: OPENAI_API_KEY goes to OPENAI_BASE_URL, and CHAT_API_KEY to CHAT_BASE_URL. */
function fixFor(error: unknown, { model, baseUrl }: ChatConfig): string {
  switch (error instanceof ChatFailure ? error.code : undefined) {
    case 'CHAT_AUTH':
      return `Correct CHAT_API_KEY (unset: OPENAI_API_KEY), or set CHAT_MODEL=${model} to one that the key may use`
    case 'CHAT_QUOTA_EXHAUSTED':
      return 'Raise the budget of the account: https://platform.openai.com/settings/organization/billing'
    case 'CHAT_RATE_LIMITED':
      return 'Wait, and look again; or raise the limits of the account'
    case 'CHAT_REJECTED':
      return `Set CHAT_MODEL=${model} to a model that chats, and CHAT_BASE_URL to a server that speaks OpenAI's protocol`
    default:
      return baseUrl
        ? `Start the server at ${baseUrl}, or correct CHAT_BASE_URL (with no CHAT_API_KEY: OPENAI_BASE_URL)`
        : 'Let this machine reach api.openai.com: DNS, proxy, firewall'
  }
}
