/* `npm run test:fuzz`: schemathesis sends what the OpenAPI document allows, and what it does not, to the real API. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import envPaths from 'env-paths'
import { infrastructure } from '../support/infrastructure.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { startWorld } from '../support/world.ts'

const SCHEMATHESIS = '4.32.5'
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
  'use_after_free',
].join()
const EXAMPLES = '50'
/** Its answer has no end. */
const ENDLESS = '/experts/{id}/events'
const LIMIT_MS = 1_800_000
const ADMIN_KEY = 'a-key-for-the-fuzzer-that-is-long-enough'

test('no request makes the API answer 500, or otherwise than its document says', { timeout: LIMIT_MS }, async (t) => {
  const program = await installed()
  const { apiKey, baseUrl, close } = await startOpenAiServer()
  const chat = { model: 'gpt-5.4-mini', contextTokens: 8_000, maxTokens: 500, timeoutMs: 20_000, apiKey, baseUrl }
  const objects = { kind: 's3' as const, ...infrastructure().s3 }
  const world = await startWorld({ adminKey: ADMIN_KEY, objects, chat })
  t.after(() => world.close().finally(close))
  await world.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = world.app.server.address() as AddressInfo
  const key = ['--header', `Authorization: Bearer ${ADMIN_KEY}`]
  const options = [...key, '--exclude-path', ENDLESS, '--max-examples', EXAMPLES, '--checks', CHECKS]
  const code = await run(program, 'run', `http://127.0.0.1:${port}/openapi.json`, ...options)
  assert.equal(code, 0, 'schemathesis found something; it is printed above')
})

/** In a virtual environment in the user's cache. @returns its program */
async function installed(): Promise<string> {
  const dir = join(envPaths('expertsmith', { suffix: '' }).cache, `schemathesis-${SCHEMATHESIS}`)
  const program = join(dir, 'bin/schemathesis')
  const isThere = await access(program).then(
    () => true,
    () => false,
  )
  if (isThere) return program
  assert.equal(await run('python3', '-m', 'venv', dir), 0, 'Python 3 with its module venv is needed')
  assert.equal(await run(join(dir, 'bin/pip'), 'install', '--quiet', `schemathesis==${SCHEMATHESIS}`), 0)
  return program
}

async function run(command: string, ...args: string[]): Promise<number | null> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  return code
}
