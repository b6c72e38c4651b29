import { Type } from 'typebox'
import type { Expert } from '../domain/expert.ts'
import type { Prices } from '../domain/usage.ts'
import { priceOf } from '../domain/usage.ts'

const Count = Type.Integer({ minimum: 0 })
export const CURRENCY = 'USD'

const CurrencySchema = Type.Literal(CURRENCY)
const AmountSchema = Type.Union([Type.Number({ minimum: 0 }), Type.Null()])
const PriceSchema = Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
  description: 'Of embeddings, as configured now (EMBEDDING_PRICES); null where it is not known.',
})

export const CostSchema = Type.Object(
  {
    tokens_embedded: Type.Integer({ minimum: 0, description: 'Paid for, whatever became of them.' }),
    tokens_reused: Type.Integer({ minimum: 0, description: 'Whose embeddings existed already.' }),
    chats: Type.Object(
      { prompt_tokens: Count, completion_tokens: Count, amount: AmountSchema },
      { description: 'What its answers have read and written; what is cached by the service counts like the rest.' },
    ),
    currency: CurrencySchema,
    amount: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description:
        'Embeddings and chats, at the prices of when they were paid; null where the price of some of it is not known.',
    }),
    embedding_amount: AmountSchema,
    price_per_million_tokens: PriceSchema,
  },
  { description: 'Of its whole life, also of files that failed or were removed. docs/cost.md' },
)

export const toCostJson = ({ cost, embeddingModel }: Pick<Expert, 'cost' | 'embeddingModel'>, prices: Prices) => ({
  tokens_embedded: cost.tokensEmbedded,
  tokens_reused: cost.tokensReused,
  chats: {
    prompt_tokens: cost.chats.promptTokens,
    completion_tokens: cost.chats.completionTokens,
    amount: cost.chats.amount,
  },
  currency: CURRENCY as typeof CURRENCY,
  amount: cost.amount,
  embedding_amount: cost.embeddingAmount,
  price_per_million_tokens: priceOf(prices, embeddingModel),
})

const Range = (schema: ReturnType<typeof Type.Number>) => Type.Object({ from: schema, expected: schema, to: schema })

export const EstimateSchema = Type.Object({
  files: Count,
  bytes: Count,
  tokens: Type.Object(
    { from: Count, expected: Count, to: Count },
    { description: 'To be embedded. Four out of five files are within; docs/cost.md.' },
  ),
  tokens_reused: Type.Integer({
    minimum: 0,
    description: 'Beside those: of content that was embedded lately as it would be now, so nothing is to be paid.',
  }),
  currency: CurrencySchema,
  amount: Type.Union([Range(Type.Number({ minimum: 0 })), Type.Null()]),
  price_per_million_tokens: PriceSchema,
  embedding_model: Type.String(),
  warnings: Type.Array(
    Type.Object({
      file_id: Type.String({ format: 'uuid' }),
      name: Type.String(),
      code: Type.String(),
      message: Type.String(),
    }),
    {
      description: 'Files that will hardly work; the first hundred.',
    },
  ),
  warnings_total: Count,
})

const Limited = (description: string) =>
  Type.Object({ used: Count, limit: Type.Union([Count, Type.Null()]) }, { description })

export const UsageSchema = Type.Object({
  user_id: Type.String({ format: 'uuid' }),
  files: Limited('null: there is no limit.'),
  bytes: Limited('Of all files together.'),
  open_uploads: Type.Object(
    { files: Count, bytes: Count },
    {
      description:
        'Direct uploads that are open: the quota sets so much aside for them until they end. GET /knowledge-base/uploads lists them.',
    },
  ),
  tokens_today: Type.Object({
    ...Limited('').properties,
    renews_at: Type.String({ format: 'date-time', description: 'When the next day begins: 00:00 UTC.' }),
  }),
  currency: CurrencySchema,
  days: Type.Array(
    Type.Object({
      day: Type.String({ format: 'date' }),
      model: Type.String(),
      purpose: Type.Enum(['files', 'searches', 'chats']),
      tokens: Count,
      completion_tokens: Type.Integer({ minimum: 0, description: 'Of these, what the model of a chat has written.' }),
      amount: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
    }),
    { description: 'What was embedded, and read and written by chats; the latest day first.' },
  ),
})

const Limit = (description: string) =>
  Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], { description }),
  )

export const QuotaSchema = Type.Object(
  {
    files: Limit('null: no limit; left out: as configured (QUOTA_FILES).'),
    bytes: Limit('Of all files together.'),
    tokens_per_day: Limit('Embedded, or read and written by chats, on a day, which begins at 00:00 UTC.'),
  },
  { additionalProperties: false },
)
