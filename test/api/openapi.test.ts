import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import { PROBLEMS } from '../../api/problem.ts'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

type Schema = Readonly<Record<string, unknown>> & { readonly required?: readonly string[] }
type Media = {
  readonly schema: Schema
  readonly example?: unknown
  readonly examples?: Record<string, { value: unknown }>
}
type Content = { readonly content?: Readonly<Record<string, Media>> }
type Parameter = Media & { readonly name: string; readonly required: boolean }
type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
}
type Document = {
  readonly openapi: string
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Record<string, Operation>>>
}

const PROBLEM = 'application/problem+json'
/** What is answered where no route is: to what is no request of HTTP, and at addresses where nothing is. */
const OF_NO_ROUTE = ['HEADERS_TOO_LARGE', 'MALFORMED_REQUEST', 'METHOD_NOT_ALLOWED', 'NOT_FOUND']

let world: World
let document: Document
let operations: (Operation & { readonly path: string; readonly method: string })[]
before(async () => {
  world = await startWorld({ workers: false })
  const { body } = await new Requests(world.app).send('GET', '/openapi.json')
  document = resolved(body, body) as Document
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
  )
})
after(() => world.close())

/** With what the components hold in its place. */
function resolved(node: unknown, root: object): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map((each) => resolved(each, root))
  if ('$ref' in node) return resolved(pointedAt(String(node.$ref), root), root)
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value, root)]))
}

function pointedAt(ref: string, root: object): unknown {
  const names = ref.replace(/^#\//, '').split('/')
  return names.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], root)
}

const operation = (path: string, method: string) => {
  const found = document.paths[path]?.[method]
  assert.ok(found, `${method} ${path}`)
  return found
}

const mediaOf = ({ content = {} }: Content) => Object.entries(content)

/** The schema, refusing what it does not name, so that an example that has more than an answer is found. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(closed)
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  return 'properties' in inner && inner.type === 'object' ? { additionalProperties: false, ...inner } : inner
}

/** The codes that an answer may have. */
const codesOf = (answer: Content | undefined): readonly string[] => {
  const schema = answer?.content?.[PROBLEM]?.schema as { properties: { code: { enum: string[] } } } | undefined
  return schema?.properties.code.enum ?? []
}

test('the OpenAPI document asks for nothing that has a default', () => {
  const list = operation('/experts', 'get').parameters ?? []
  assert.deepEqual(
    list.map(({ name, required }) => [name, required]),
    [
      ['limit', false],
      ['cursor', false],
      ['name', false],
    ],
  )
  const search = operation('/experts/{id}/search', 'post').requestBody?.content?.['application/json']?.schema
  assert.deepEqual(search?.required, ['query'])
})

test('the OpenAPI document tells of every operation that it may refuse who asks, save for those that ask nobody', () => {
  assert.equal(document.openapi, '3.1.0')
  for (const { path, method, responses, security } of operations) {
    const isPublic = ['/healthz', '/readyz'].includes(path)
    for (const status of ['401', '403']) assert.equal(status in responses, !isPublic, `${method} ${path} ${status}`)
    assert.equal(security.length, isPublic ? 0 : 1, `${method} ${path}`)
  }
})

test('every operation has a name of its own, for the clients that are made of the document, and a tag that is described', () => {
  const names = operations.map(({ operationId }) => operationId)
  assert.equal(new Set(names).size, operations.length)
  for (const name of names) assert.match(name, /^[a-z]+([A-Z][a-z]+)*$/)
  const tags = operations.flatMap((each) => each.tags)
  assert.deepEqual(new Set(tags), new Set(document.tags.map(({ name }) => name)))
})

test('every operation says by code which problems it may answer, and shows each with its sentence', () => {
  for (const { operationId, responses } of operations)
    for (const [status, answer] of Object.entries(responses)) {
      const examples = answer.content?.[PROBLEM]?.examples ?? {}
      assert.deepEqual(Object.keys(examples), codesOf(answer), `${operationId} ${status}`)
      for (const [code, { value }] of Object.entries(examples)) {
        const problem = value as { code: string; status: number; detail: string }
        assert.deepEqual([problem.code, problem.status], [code, Number(status)], operationId)
        const [, sentence] = Object.entries(PROBLEMS).find(([known]) => known === code)?.[1] ?? [0, '']
        assert.ok(problem.detail.startsWith(sentence), code)
      }
    }
  assert.deepEqual(codesOf(operation('/experts/{id}', 'get').responses['404']), ['EXPERT_NOT_FOUND'])
})

test('every problem of the API is one that an operation declares, or comes before all operations', () => {
  const declared = new Set(operations.flatMap(({ responses }) => Object.values(responses).flatMap(codesOf)))
  const others = Object.keys(PROBLEMS).filter((code) => !declared.has(code))
  assert.deepEqual(others.toSorted(), OF_NO_ROUTE)
})

test('every parameter, body and answer has an example that is as its schema says', () => {
  const ajv = ajvFormats.default(new Ajv2020({ strict: false }))
  ajv.addFormat('binary', true)
  const check = (where: string, { schema, example, examples = {} }: Media) => {
    const values = [...(example === undefined ? [] : [example]), ...Object.values(examples).map(({ value }) => value)]
    assert.ok(values.length > 0, `${where} has no example`)
    const isValid = ajv.compile(closed(schema) as Schema)
    for (const value of values) assert.ok(isValid(value), `${where}: ${ajv.errorsText(isValid.errors)}`)
  }
  for (const { operationId, parameters = [], requestBody = {}, responses } of operations) {
    for (const parameter of parameters) check(`${operationId} ${parameter.name}`, parameter)
    for (const [type, media] of mediaOf(requestBody)) check(`${operationId} ${type}`, media)
    for (const [status, answer] of Object.entries(responses))
      for (const [type, media] of mediaOf(answer))
        if (type !== 'application/octet-stream') check(`${operationId} ${status} ${type}`, media)
  }
})

test('an address that takes other methods says which', async () => {
  const { status, body, headers } = await new Requests(world.app).send('PUT', '/experts/?limit=1')
  assert.deepEqual([status, body.code, headers.allow], [405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, POST'])
  const nothing = await new Requests(world.app).send('PUT', '/expert')
  assert.deepEqual([nothing.status, nothing.body.code], [404, 'NOT_FOUND'])
})
