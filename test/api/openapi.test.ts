import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly required?: string[] } }> }
  readonly responses: Readonly<Record<string, unknown>>
}
type Document = { readonly openapi: string; readonly paths: Readonly<Record<string, Record<string, Operation>>> }

let world: World
let document: Document
before(async () => {
  world = await startWorld({ workers: false })
  document = (await new Requests(world.app).send('GET', '/openapi.json')).body as Document
})
after(() => world.close())

const operation = (path: string, method: string) => {
  const found = document.paths[path]?.[method]
  assert.ok(found, `${method} ${path}`)
  return found
}

test('the OpenAPI document asks for nothing that has a default', () => {
  const list = operation('/experts', 'get').parameters ?? []
  assert.deepEqual(
    list.map(({ name, required }) => [name, required]),
    [
      ['limit', false],
      ['cursor', false],
    ],
  )
  const search = operation('/experts/{id}/search', 'post').requestBody?.content['application/json']?.schema
  assert.deepEqual(search?.required, ['query'])
})

test('the OpenAPI document tells of every operation that it may refuse who asks, save for those that ask nobody', () => {
  assert.equal(document.openapi, '3.1.0')
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { responses }] of Object.entries(methods)) {
      const isPublic = ['/healthz', '/readyz'].includes(path)
      for (const status of ['401', '403', '429'])
        assert.equal(status in responses, !isPublic, `${method} ${path} ${status}`)
    }
})

test('an address that takes other methods says which', async () => {
  const { status, body, headers } = await new Requests(world.app).send('PUT', '/experts/?limit=1')
  assert.deepEqual([status, body.code, headers.allow], [405, 'METHOD_NOT_ALLOWED', 'GET, HEAD, POST'])
  const nothing = await new Requests(world.app).send('PUT', '/expert')
  assert.deepEqual([nothing.status, nothing.body.code], [404, 'NOT_FOUND'])
})
