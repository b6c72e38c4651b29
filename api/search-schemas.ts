import type { Static, TSchema } from 'typebox'
import { Type } from 'typebox'
import { DOCUMENT_TYPES } from '../domain/document-type.ts'
import type { Passage, SearchRequest } from './expert-search.ts'
import { SEARCH_MODES } from './expert-search.ts'
import { Problem } from './problem.ts'
import { Count, Nullable, oneOf, Text, Uuid } from './schemas.ts'

const OneOrMore = <T extends TSchema>(schema: T, description: string) =>
  Type.Optional(Type.Union([schema, Type.Array(schema, { minItems: 1, maxItems: 100 })], { description }))

const PageNumber = Type.Integer({ minimum: 1, maximum: 1_000_000 })

export const SearchQuerySchema = Type.Object({
  query: Text({
    ...{ minLength: 1, maxLength: 8_000, examples: ['blanking distance at 200 kHz'] },
    description: 'What to look for, in words of your own. It has no syntax.',
  }),
  top_k: Type.Integer({ minimum: 1, maximum: 100, default: 5, description: 'Results at the most.' }),
  mode: Type.Enum([...SEARCH_MODES], {
    default: 'hybrid',
    description:
      'How passages are ranked. dense: by their embeddings. keyword: by the words of the query (BM25). hybrid: by both, fused.',
  }),
  min_score: Type.Optional(
    Type.Number({
      ...{ minimum: -1, maximum: 1 },
      description:
        'The least cosine similarity of passage and query, in every mode: what is below is left out. It is compared with dense_score, not with score.',
    }),
  ),
  file_ids: Type.Optional(
    Type.Array(Uuid, { minItems: 1, maxItems: 1_000, description: 'Only in these files. All filters hold together.' }),
  ),
  document_type: OneOrMore(oneOf(DOCUMENT_TYPES), 'Only in files of this type, or of one of these.'),
  language: OneOrMore(
    Type.String({ pattern: '^[a-z]{2,3}$' }),
    'Only in files of this language, or of one of these: ISO 639-1; und where it cannot be told.',
  ),
  pages: Type.Optional(
    Type.Object(
      { from: Type.Optional(PageNumber), to: Type.Optional(PageNumber) },
      {
        ...{ minProperties: 1, additionalProperties: false },
        description: 'Only passages that stand on these pages, at least in part. Counted from 1, both ends included.',
      },
    ),
  ),
})

export const SearchResultsSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      text: Type.String(),
      score: Type.Number({
        description:
          'What the results are in order of. hybrid: from 0 to 1, to be compared within this answer only; dense: the cosine similarity, from -1 to 1; keyword: BM25, from 0 on.',
      }),
      dense_score: Type.Number({ description: 'Cosine similarity, from -1 to 1.' }),
      keyword_score: Nullable(
        Type.Number({
          description: 'BM25; null in the mode dense, and where the passage has none of the words or many have more.',
        }),
      ),
      file_id: Uuid,
      file_name: Type.String(),
      url: Type.String({
        description:
          "The original, at this page where it is a PDF (#page=). It is answered as a download, to whoever's file it is: a viewer gets it with the API key and opens it at the page.",
      }),
      page_start: Type.Integer(),
      page_end: Type.Integer(),
      heading_path: Type.Array(Type.String(), { description: 'The headings above the passage, outermost first.' }),
      chunk_index: Count,
      start_offset: Type.Integer({ minimum: 0, description: "In UTF-16 code units of the file's extracted text." }),
      end_offset: Count,
    }),
  ),
})

const listOf = <T extends string>(value: T | readonly T[] | undefined): readonly T[] | undefined =>
  typeof value === 'string' ? [value] : value

export function toSearchRequest(body: Static<typeof SearchQuerySchema>): SearchRequest {
  const { from = 1, to = Number.MAX_SAFE_INTEGER } = body.pages ?? {}
  if (from > to) throw new Problem('VALIDATION_FAILED', { detail: `body/pages: from (${from}) is after to (${to}).` })
  return {
    ...{ query: body.query, topK: body.top_k, mode: body.mode, minScore: body.min_score },
    filter: {
      fileIds: body.file_ids,
      documentTypes: listOf(body.document_type),
      languages: listOf(body.language),
      pages: body.pages,
    },
  }
}

export const toSearchResultJson = ({ chunk, ...passage }: Passage) => ({
  text: chunk.text,
  score: passage.score,
  dense_score: passage.denseScore,
  keyword_score: passage.keywordScore,
  file_id: passage.fileId,
  file_name: passage.fileName,
  url: passage.url,
  page_start: chunk.pageStart,
  page_end: chunk.pageEnd,
  heading_path: [...chunk.headingPath],
  chunk_index: chunk.index,
  start_offset: chunk.startOffset,
  end_offset: chunk.endOffset,
})
