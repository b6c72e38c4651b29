import type { EmbeddingsConfig, OpenAiEmbeddingsConfig } from '../../../config.ts'
import type { Embedders } from '../../../domain/embedders.ts'
import type { Embedder } from '../../../domain/ports.ts'
import type { Check, Finding, Group } from './check.ts'
import { failed, messageOf, ok, warning } from './check.ts'
import { codeOf, describeError } from './failure-finding.ts'

const SLOW_MS = 3_000
const WORD = 'doctor'

/** One request for one word: of a service it costs a token. */
export function embeddingChecks({ openai }: EmbeddingsConfig, { chosen, provider, reason }: Embedders): Group {
  const choice = { name: 'Choice', find: async () => ok(`${provider}: ${reason}`) }
  if (provider !== 'openai' || !openai)
    return { name: `Embeddings: ${chosen.model}`, checks: [modelOfThisMachine(chosen), choice] }
  return {
    name: `Embeddings: ${chosen.model}`,
    checks: [
      {
        name: 'Key and model',
        find: async (signal) => {
          const start = performance.now()
          const [vector] = await chosen.embed([WORD], { signal })
          return answered(vector?.length ?? 0, performance.now() - start)
        },
        explain: (error) => ({ detail: describeError(error), fix: fixFor(error, openai) }),
      },
      { name: 'Limits', find: async () => limits(openai) },
      choice,
    ],
  }
}

/** What `setup:local` left cannot be used. */
export const unopened = (error: unknown): Group => ({
  name: 'Embeddings: local',
  checks: [{ name: 'Model', find: async () => failed(messageOf(error), 'npm run setup:local') }],
})

const modelOfThisMachine = (embedder: Embedder): Check => ({
  name: 'Model',
  find: async (signal) => {
    const start = performance.now()
    await embedder.embed([WORD], { signal })
    const { dimensions, isSemantic } = embedder
    const took = `${dimensions} dimensions, in ${Math.round(performance.now() - start)} ms`
    return ok(
      isSemantic ? `on this machine: gives ${took}` : `on this machine: finds words, not meaning; gives ${took}`,
    )
  },
  explain: (error) => ({ detail: describeError(error), fix: 'npm run setup:local' }),
})

function answered(dimensions: number, milliseconds: number): Finding {
  const detail = `gives ${dimensions} dimensions, in ${Math.round(milliseconds)} ms; asking has cost one token`
  return milliseconds < SLOW_MS
    ? ok(detail)
    : warning(detail, 'Look at https://status.openai.com, or at OPENAI_BASE_URL')
}

function fixFor(error: unknown, { model, baseUrl, dimensions }: OpenAiEmbeddingsConfig): string {
  switch (codeOf(error)) {
    case 'EMBEDDING_AUTH':
      return 'Correct OPENAI_API_KEY, whose project must have the model, or EMBEDDING_MODEL'
    case 'EMBEDDING_QUOTA_EXHAUSTED':
      return 'Raise the budget: https://platform.openai.com/settings/organization/billing'
    case 'EMBEDDING_RATE_LIMITED':
      return 'Set EMBEDDING_TOKENS_PER_MINUTE and EMBEDDING_REQUESTS_PER_MINUTE below the limits of the account'
    case 'DIMENSION_MISMATCH':
      return `Set EMBEDDING_DIMENSIONS to what ${model} gives, not ${dimensions}`
    case 'EMBEDDING_REJECTED':
      return `Correct EMBEDDING_MODEL=${model} and EMBEDDING_DIMENSIONS=${dimensions}`
    default:
      return baseUrl
        ? 'Start the server at OPENAI_BASE_URL, or correct it'
        : 'Let this machine reach api.openai.com: DNS, proxy, firewall'
  }
}

function limits({ requestsPerMinute, tokensPerMinute }: OpenAiEmbeddingsConfig): Finding {
  if (tokensPerMinute !== undefined)
    return ok(`${tokensPerMinute} tokens, ${requestsPerMinute ?? 'any number of'} requests a minute, of all workers`)
  return warning(
    'nothing limits what embeddings cost in a minute',
    'Set EMBEDDING_TOKENS_PER_MINUTE, and a monthly budget in the account of the service',
  )
}
