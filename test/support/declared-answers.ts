import assert from 'node:assert/strict'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Watches what an API answers. @returns what throws where it answered something that its OpenAPI document does not have */
export function watchAnswers(app: FastifyInstance): () => void {
  const undeclared = new Set<string>()
  app.addHook('onResponse', async (request, reply) => {
    const fault = faultOf(request, reply)
    if (fault) undeclared.add(fault)
  })
  return () => assert.deepEqual([...undeclared], [], 'answers that the OpenAPI document does not have')
}

function faultOf({ routeOptions, problem, method }: FastifyRequest, { statusCode }: FastifyReply): string | undefined {
  const { url, schema, config } = routeOptions
  if (!schema?.response) return undefined
  const codes: readonly string[] = config.problems ?? []
  const isDeclared = problem === undefined ? String(statusCode) in (schema.response as object) : codes.includes(problem)
  return isDeclared ? undefined : `${method} ${url}: ${statusCode} ${problem ?? ''}`
}
