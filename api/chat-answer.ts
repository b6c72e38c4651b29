import type { CitationMarkers } from '../domain/citation-markers.ts'
import { citedStatements } from '../domain/cited-statements.ts'
import type { ChatEnd } from '../domain/ports.ts'
import type { ChatAnswer, Citation, UnansweredReason } from './chat-schemas.ts'

type Written = {
  readonly model: string
  readonly markers: CitationMarkers
  /** All that were put before the model. */
  readonly passages: readonly Citation[]
  readonly end: ChatEnd
}

/** The whole answer, as the model wrote it. */
export function writtenAnswer({ model, markers, passages, end }: Written): ChatAnswer {
  const statements = citedStatements(markers.shown, markers.citations)
  const cited = new Set(statements.flatMap(({ citations }) => citations))
  const reason = markers.isUnanswered ? 'not_in_passages' : cited.size === 0 ? 'uncited' : null
  return {
    answer: markers.shown,
    answered: reason === null,
    reason,
    citations: passages.filter(({ marker }) => cited.has(marker)),
    statements: statements.map(({ citations, ...statement }) => ({ ...statement, citations: [...citations] })),
    removed_markers: markers.removed,
    cut_off: end.isCutOff,
    model,
    usage: usageOf(end),
  }
}

const usageOf = ({ usage }: ChatEnd) =>
  usage ? { prompt_tokens: usage.promptTokens, completion_tokens: usage.completionTokens } : null

const SENTENCES = {
  nothing_indexed: 'None of my files can be searched yet, so I cannot answer this.',
  nothing_found: 'My knowledge base has nothing on this.',
  not_in_passages: 'My knowledge base does not have the answer to this.',
} as const satisfies Partial<Record<UnansweredReason, string>>

const NOT_ASKED: ChatEnd = { isCutOff: false, usage: { promptTokens: 0, completionTokens: 0 } }

/** What is answered where the model has nothing to answer from, or says so and no more (`end`). */
export function fixedAnswer(model: string, reason: keyof typeof SENTENCES, end = NOT_ASKED): ChatAnswer {
  const answer = SENTENCES[reason]
  return {
    answer,
    answered: false,
    reason,
    citations: [],
    statements: citedStatements(answer, []).map((statement) => ({ ...statement, citations: [] })),
    removed_markers: 0,
    cut_off: end.isCutOff,
    model,
    usage: usageOf(end),
  }
}
