import type { FastifyBaseLogger } from 'fastify'
import type { ChatUsage } from '../domain/chat-usage.ts'
import type { Expert } from '../domain/expert.ts'
import type { CallOptions, ChatMessage, ChatModel } from '../domain/ports.ts'
import type { UsageStore } from '../domain/usage.ts'

/**
 * Counts what each answer of the expert has cost: as the service says; where it does not come to say it, since the answer broke
 * off or its reader went away, what was asked and what was written until then. A request that was refused costs nothing.
 */
export function meteredChatModel(
  model: ChatModel,
  usage: UsageStore,
  { id: expertId, userId }: Pick<Expert, 'id' | 'userId'>,
  log: FastifyBaseLogger,
): ChatModel {
  /** An answer is there, whatever comes of this. */
  const count = (tokens: ChatUsage) =>
    usage
      .countChat({ userId, expertId, model: model.model }, tokens)
      .catch((error: unknown) => log.warn({ err: error, expertId, ...tokens }, '⚠️ Could not count an answer'))

  async function* stream(messages: readonly ChatMessage[], options: CallOptions = {}) {
    const answer = { text: '', isBegun: false, usage: undefined as ChatUsage | undefined }
    try {
      for await (const part of model.stream(messages, options)) {
        answer.isBegun = true
        if (typeof part === 'string') answer.text += part
        else answer.usage = part.usage
        yield part
      }
    } finally {
      if (answer.isBegun || options.signal?.aborted) await count(answer.usage ?? estimate(messages, answer.text))
    }
  }

  const estimate = (messages: readonly ChatMessage[], text: string): ChatUsage => ({
    promptTokens: messages.reduce((sum, { content }) => sum + model.countTokens(content), 0),
    completionTokens: model.countTokens(text),
  })

  return { model: model.model, countTokens: (text) => model.countTokens(text), stream }
}
