import { systemMessage } from './chat-rules.ts'
import { withoutMarkers } from './citation-markers.ts'
import type { ChatMessage } from './ports.ts'
import type { QuotedPassage } from './quoted-passages.ts'
import { quoted, quotedPassages } from './quoted-passages.ts'

/** What was said before: by whoever asks, and by the expert. A system message it cannot hold. */
export type ChatTurn = { readonly role: 'user' | 'assistant'; readonly content: string }

export type ChatPromptParts<P extends QuotedPassage> = {
  readonly systemPrompt: string
  /** Best first. */
  readonly passages: readonly P[]
  /** Oldest first. */
  readonly history: readonly ChatTurn[]
  readonly message: string
}

export type ChatPrompt<P> = {
  readonly messages: readonly ChatMessage[]
  /** Those that had room: the first has the marker [1]. Empty where the rest leaves no room for any. */
  readonly passages: readonly P[]
}

export type TokenBudget = { readonly tokens: number; countTokens(text: string): number }

/** Marks of a message, by which services tell where it begins. */
const MESSAGE_TOKENS = 8
/** What was said before has this part of the room for certain, so that a follow-up is understood. */
const HISTORY_SHARE = 0.25

/** The request to the model: as many passages as have room, best first, and of what was said before the latest. */
export function chatPrompt<P extends QuotedPassage>(parts: ChatPromptParts<P>, budget: TokenBudget): ChatPrompt<P> {
  const cost = (text: string) => budget.countTokens(text) + MESSAGE_TOKENS
  const system = systemMessage(parts.systemPrompt)
  const room = budget.tokens - cost(system) - cost(parts.message) - cost(quotedPassages([]))
  const history = new History(parts.history, cost)
  const forHistory = history.tokens(Math.floor(room * HISTORY_SHARE))
  const { passages, lines, left } = fitPassages(parts.passages, room - forHistory, budget)
  const messages: ChatMessage[] = [
    { role: 'system', content: system },
    ...history.latest(left + forHistory),
    { role: 'user', content: quotedPassages(lines) },
    { role: 'user', content: parts.message },
  ]
  return { messages, passages }
}

/** One that is too long makes room for shorter ones behind it. */
function fitPassages<P extends QuotedPassage>(all: readonly P[], room: number, { countTokens }: TokenBudget) {
  const passages: P[] = []
  const lines: string[] = []
  let left = room
  for (const passage of all) {
    const line = quoted(passage, lines.length + 1)
    const tokens = countTokens(line) + 1
    if (tokens > left) continue
    left -= tokens
    passages.push(passage)
    lines.push(line)
  }
  return { passages, lines, left }
}

/** What was said before, counted from its end, and no further than asked for: to count all of it could take seconds. */
class History {
  readonly #turns: readonly ChatTurn[]
  readonly #cost: (text: string) => number
  /** The latest turn first. */
  readonly #counted: { turn: ChatTurn; tokens: number }[] = []

  constructor(turns: readonly ChatTurn[], cost: (text: string) => number) {
    this.#turns = turns
    this.#cost = cost
  }

  /** How many tokens it has; `limit` at the most. */
  tokens(limit: number): number {
    let sum = 0
    for (const { tokens } of this.#fromTheLatest()) {
      sum += tokens
      if (sum >= limit) return limit
    }
    return sum
  }

  /** As many of the latest turns as have room, oldest first. */
  latest(room: number): ChatTurn[] {
    const fitting: ChatTurn[] = []
    let left = room
    for (const { turn, tokens } of this.#fromTheLatest()) {
      left -= tokens
      if (left < 0) break
      if (turn.content !== '') fitting.unshift(turn)
    }
    return fitting
  }

  *#fromTheLatest() {
    for (let i = 0; i < this.#turns.length; i++) {
      this.#counted[i] ??= this.#count(this.#turns.at(-1 - i) as ChatTurn)
      yield this.#counted[i] as { turn: ChatTurn; tokens: number }
    }
  }

  #count({ role, content: said }: ChatTurn) {
    const content = role === 'assistant' ? withoutMarkers(said).trim() : said
    return { turn: { role, content }, tokens: this.#cost(content) }
  }
}
