import { type Static, Type } from 'typebox'
import { Count, Nullable, Text, Uuid } from './schemas.ts'
import { SearchResultsSchema } from './search-schemas.ts'

const LONGEST = { message: 8_000, turn: 32_000, turns: 100, files: 1_000 }
/** All that the schema takes, were each letter written as `\u00e4`, with a file id as 39 bytes and what is around them. */
export const CHAT_BODY_LIMIT =
  6 * (LONGEST.message + LONGEST.turns * LONGEST.turn) + 39 * LONGEST.files + 100 * LONGEST.turns + 1_000

export const ChatRequestSchema = Type.Object({
  message: Text({
    minLength: 1,
    maxLength: LONGEST.message,
    description: 'The question.',
    examples: ['How deep does the S200 measure?'],
  }),
  history: Type.Array(
    Type.Object(
      { role: Type.Enum(['user', 'assistant']), content: Text({ minLength: 1, maxLength: LONGEST.turn }) },
      { additionalProperties: false },
    ),
    {
      maxItems: LONGEST.turns,
      default: [],
      description: 'What was said before, oldest first; the API keeps nothing of it.',
    },
  ),
  top_k: Type.Integer({ minimum: 1, maximum: 100, default: 8, description: 'How many passages are looked for.' }),
  file_ids: Type.Optional(Type.Array(Uuid, { minItems: 1, maxItems: LONGEST.files })),
  stream: Type.Optional(
    Type.Boolean({
      description: 'Whether it comes as server-sent events; unset: if Accept asks for text/event-stream.',
    }),
  ),
})

export const CitationSchema = Type.Object({
  id: Type.String({ description: 'Of the passage: file id and index.' }),
  marker: Type.Integer({ minimum: 1, description: 'What stands in the answer: 1 for [1].' }),
  ...SearchResultsSchema.properties.results.items.properties,
})

const Statement = Type.Object({
  text: Type.String({ description: 'Without markers.' }),
  start: Type.Integer({ minimum: 0, description: 'Where it begins in the answer, in UTF-16 code units.' }),
  end: Count,
  citations: Type.Array(Type.Integer({ minimum: 1 }), { description: 'Markers; none: the statement is not founded.' }),
})

const UNANSWERED = ['nothing_indexed', 'nothing_found', 'not_in_passages', 'uncited'] as const

export const ChatAnswerSchema = Type.Object({
  answer: Type.String({ description: 'With a marker, such as [1], behind what a passage says.' }),
  answered: Type.Boolean({ description: 'Whether the answer is from the knowledge base.' }),
  reason: Nullable(Type.Enum([...UNANSWERED], { description: 'Why it is not.' })),
  citations: Type.Array(CitationSchema, { description: 'The passages that the answer cites.' }),
  statements: Type.Array(Statement),
  removed_markers: Type.Integer({ minimum: 0, description: 'Of passages that there are not: made up, and taken out.' }),
  cut_off: Type.Boolean({ description: 'Whether the model had no room to write on.' }),
  model: Type.String(),
  usage: Nullable(
    Type.Object(
      { prompt_tokens: Count, completion_tokens: Count },
      { description: 'As the service counts; null where it does not tell.' },
    ),
  ),
})

export type Citation = Static<typeof CitationSchema>
export type ChatAnswer = Static<typeof ChatAnswerSchema>
export type UnansweredReason = (typeof UNANSWERED)[number]
