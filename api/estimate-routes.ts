import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import type { Estimate, EstimateStore, ExpectedRecipe, Range, Readers } from '../domain/estimate.ts'
import { estimate } from '../domain/estimate.ts'
import type { FileStore } from '../domain/ports.ts'
import type { Prices } from '../domain/usage.ts'
import { priceOf } from '../domain/usage.ts'
import { checkFiles, FILE_IDS_BODY_LIMIT } from './check-files.ts'
import { CURRENCY, EstimateSchema } from './cost-schemas.ts'
import { NewExpertSchema } from './schemas.ts'

export type EstimateRoutesOptions = {
  readonly files: FileStore
  readonly estimates: EstimateStore
  readonly recipe: ExpectedRecipe
  readonly prices: Prices
  readonly readers: Readers
}

const MOST_WARNINGS = 100

export const estimateRoutes: FastifyPluginAsyncTypebox<EstimateRoutesOptions> = async (app, options) => {
  const { files, estimates, recipe, prices, readers } = options

  app.route({
    method: 'POST',
    url: '/experts/estimate',
    bodyLimit: FILE_IDS_BODY_LIMIT,
    config: { scope: 'read', problems: ['UNKNOWN_FILES'] },
    schema: {
      operationId: 'estimateExpert',
      tags: ['cost'],
      summary: 'Estimate what an expert of these files will cost',
      description:
        'Makes nothing and reads no file: by names, sizes and what is known of earlier runs. Of content that was embedded lately the tokens are exact; of other files from and to are wide apart. docs/cost.md',
      body: Type.Object({ selected_files: NewExpertSchema.properties.selected_files }),
      response: {
        200: EstimateSchema,
      },
    },
    handler: async ({ userId, body }) => {
      const fileIds = await checkFiles(files, userId, body.selected_files)
      const facts = await estimates.facts(userId, fileIds, recipe)
      return toEstimateJson(estimate(facts, readers), recipe.model, priceOf(prices, recipe.model))
    },
  })
}

export const toEstimateJson = (
  { files, bytes, tokens, tokensReused, warnings }: Estimate,
  model: string,
  price: number | null,
): Static<typeof EstimateSchema> => ({
  files,
  bytes,
  tokens,
  tokens_reused: tokensReused,
  currency: CURRENCY,
  amount: price === null ? null : toAmounts(tokens, price),
  price_per_million_tokens: price,
  embedding_model: model,
  warnings: warnings
    .slice(0, MOST_WARNINGS)
    .map(({ fileId, name, code, message }) => ({ file_id: fileId, name, code, message })),
  warnings_total: warnings.length,
})

function toAmounts({ from, expected, to }: Range, price: number): Range {
  // To a nanodollar: what binary fractions add beyond is no money.
  const amountOf = (tokens: number) => Number(((tokens * price) / 1_000_000).toFixed(9))
  return { from: amountOf(from), expected: amountOf(expected), to: amountOf(to) }
}
