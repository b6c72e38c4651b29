import { ChatFailure } from '../domain/chat-failure.ts'
import type { ChatTurn } from '../domain/chat-prompt.ts'
import { chatPrompt } from '../domain/chat-prompt.ts'
import { CitationMarkers } from '../domain/citation-markers.ts'
import { chunkId } from '../domain/keys.ts'
import type { CallOptions, ChatEnd, ChatModel, ExpertToAsk, ExpertToSearch } from '../domain/ports.ts'
import { fixedAnswer, writtenAnswer } from './chat-answer.ts'
import type { ChatAnswer, Citation } from './chat-schemas.ts'
import type { Passage, SearchPorts } from './expert-search.ts'
import { searchExpert } from './expert-search.ts'
import { Problem } from './problem.ts'
import { toSearchResultJson } from './search-schemas.ts'

export type ExpertChat = {
  readonly model: ChatModel
  /** Of one request to the model, all in all. */
  readonly contextTokens: number
}

type ChatQuestion = {
  readonly message: string
  readonly history: readonly ChatTurn[]
  readonly topK: number
  readonly fileIds?: readonly string[] | undefined
}

/** `passages`: those that are put before the model, once. `delta`: what the answer goes on with. `done`: all of it. */
export type ChatEvent =
  | { readonly name: 'passages'; readonly data: { readonly passages: readonly Citation[] } }
  | { readonly name: 'delta'; readonly data: { readonly text: string } }
  | { readonly name: 'done'; readonly data: ChatAnswer }

type Asked = { readonly expert: ExpertToAsk; readonly question: ChatQuestion; readonly chat: ExpertChat }

/** What happens while the expert answers. @throws Problem, Failure or ChatFailure; before `passages` unless it is the model's */
export async function* askExpert(
  ports: SearchPorts,
  { expert, question, chat: { model, contextTokens } }: Asked,
  options: CallOptions = {},
): AsyncGenerator<ChatEvent> {
  const found = expert.hasIndexedFiles ? await retrieve(ports, expert, question, options) : []
  if (found.length === 0) {
    yield { name: 'passages', data: { passages: [] } }
    yield* whole(fixedAnswer(model.model, expert.hasIndexedFiles ? 'nothing_found' : 'nothing_indexed'))
    return
  }
  const { messages, passages: fitting } = chatPrompt(
    { ...question, systemPrompt: expert.systemPrompt, passages: found.map(toQuoted) },
    { tokens: contextTokens, countTokens: (text) => model.countTokens(text) },
  )
  if (fitting.length === 0) throw new Problem('CHAT_NO_ROOM')
  const passages = fitting.map(({ passage }, i) => toCitation(passage, i + 1))
  yield { name: 'passages', data: { passages } }
  yield* write(passages, model.model, model.stream(messages, options))
}

/** Lets the answer through as the model writes it, with what it cites. */
async function* write(
  passages: readonly Citation[],
  model: string,
  parts: AsyncIterable<string | ChatEnd>,
): AsyncGenerator<ChatEvent> {
  const markers = new CitationMarkers(passages.length)
  let end: ChatEnd = { isCutOff: true, usage: undefined }
  for await (const part of parts) {
    const text = typeof part === 'string' ? markers.push(part) : markers.end()
    if (typeof part !== 'string') end = part
    if (text) yield { name: 'delta', data: { text } }
  }
  if (end.isFiltered) throw new ChatFailure('CHAT_REJECTED', 'Its content filter stopped the answer.')
  if (markers.shown === '') {
    if (!markers.isUnanswered) throw new ChatFailure('CHAT_UNAVAILABLE', nothingWritten(end))
    yield* whole(fixedAnswer(model, 'not_in_passages', end))
    return
  }
  yield { name: 'done', data: writtenAnswer({ model, markers, passages, end }) }
}

function* whole(answer: ChatAnswer): Generator<ChatEvent> {
  yield { name: 'delta', data: { text: answer.answer } }
  yield { name: 'done', data: answer }
}

const nothingWritten = ({ isCutOff }: ChatEnd) =>
  isCutOff ? 'It had no room to write anything; raise CHAT_MAX_TOKENS.' : 'It wrote nothing.'

/** How many messages before the question may say what it is about. */
const EARLIER = 2
const LONGEST_QUERY = 8_000

/**
 * A follow-up ("and at 50 kHz?") says little by itself, so it is looked for with what was asked before it first; the results of
 * both take turns, since the subject may as well have changed.
 */
async function retrieve(
  ports: SearchPorts,
  expert: ExpertToSearch,
  { message, history, topK, fileIds }: ChatQuestion,
  options: CallOptions,
): Promise<Passage[]> {
  const asked = history.filter(({ role }) => role === 'user').map(({ content }) => content)
  const inContext = [...asked.slice(-EARLIER), message].join('\n').slice(-LONGEST_QUERY)
  const queries = asked.length > 0 ? [inContext, message] : [message]
  const results = await Promise.all(
    queries.map((query) => searchExpert(ports, expert, { query, topK, filter: { fileIds } }, options)),
  )
  return inTurns(results).slice(0, topK)
}

/** The first of each, then the second of each, … without those that came before. */
function inTurns(results: readonly (readonly Passage[])[]): Passage[] {
  const longest = Math.max(...results.map(({ length }) => length))
  const all = Array.from({ length: longest }, (_, i) => results.flatMap((result) => result[i] ?? [])).flat()
  return [...Map.groupBy(all, idOf).values()].flatMap(([passage]) => passage ?? [])
}

const idOf = ({ fileId, chunk }: Passage) => chunkId(fileId, chunk.index)

const toCitation = (passage: Passage, marker: number): Citation => ({
  id: idOf(passage),
  marker,
  ...toSearchResultJson(passage),
})

const toQuoted = (passage: Passage) => ({ ...passage.chunk, fileName: passage.fileName, passage })
