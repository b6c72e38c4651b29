import { ChatFailure } from '../domain/chat-failure.ts'
import type { LastCall } from '../domain/last-call.ts'
import type { ChatModel } from '../domain/ports.ts'

/** Notes how each call ends. One that is cancelled, or not read to its end, tells nothing. */
export const watchedChatModel = (chat: ChatModel, last: LastCall): ChatModel => ({
  model: chat.model,
  countTokens: (text) => chat.countTokens(text),
  async *stream(messages, options) {
    try {
      yield* chat.stream(messages, options)
      last.note()
    } catch (error) {
      if (error instanceof ChatFailure) last.note(error.code)
      throw error
    }
  },
})
