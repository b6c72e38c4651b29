import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { OpenAiChatModel } from '../../adapters/openai-chat-model.ts'
import { watchedChatModel } from '../../adapters/watched-chat-model.ts'
import { loadApiConfig } from '../../config.ts'
import { LastCall } from '../../domain/last-call.ts'
import type { ChatEnd, ChatMessage } from '../../domain/ports.ts'
import { Gate } from '../support/gate.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { eventually } from '../support/requests.ts'

const MESSAGES: ChatMessage[] = [
  { role: 'system', content: 'You are a harbour master.' },
  { role: 'user', content: 'the secret text' },
]

test('OpenAI of the environment answers with the model that is the default', {
  skip: !process.env.OPENAI_API_KEY && 'OPENAI_API_KEY is not set',
}, async () => {
  const { chat } = loadApiConfig({ ...process.env, DATABASE_URL: 'postgres://unused@127.0.0.1/unused' })
  assert.ok(chat)
  const parts: (string | ChatEnd)[] = []
  for await (const part of new OpenAiChatModel(chat).stream([{ role: 'user', content: 'Say yes.' }])) parts.push(part)
  assert.match(parts.slice(0, -1).join(''), /yes/i)
  assert.ok(typeof parts.at(-1) === 'object')
})

describe('OpenAiChatModel', () => {
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  before(async () => {
    openai = await startOpenAiServer()
  })
  beforeEach(() => openai.server.heal())
  after(() => openai.close())

  const create = (options: Partial<ConstructorParameters<typeof OpenAiChatModel>[0]> = {}) =>
    new OpenAiChatModel({
      apiKey: openai.apiKey,
      baseUrl: openai.baseUrl,
      model: 'gpt-5.4-mini',
      maxTokens: 100,
      timeoutMs: 10_000,
      ...options,
    })
  const answerOf = async (model = create(), signal?: AbortSignal) => {
    const parts: (string | ChatEnd)[] = []
    for await (const part of model.stream(MESSAGES, { signal })) parts.push(part)
    return parts
  }
  const refuse = (status: number, body?: object, headers: Record<string, string> = {}) =>
    openai.server.failNext({ status, times: 1, headers, ...(body && { body }) })

  test('gives the answer in pieces, and then how it ended and what it cost', async () => {
    openai.chat.says(
      { pieces: ['Deep', ' enough'] },
      { pieces: ['Too'], end: 'length' },
      { pieces: ['Oh'], end: 'content_filter' },
    )
    const [first, second, end] = await answerOf()
    assert.deepEqual([first, second], ['Deep', ' enough'])
    assert.ok(typeof end === 'object' && !end.isCutOff && end.usage?.promptTokens && end.usage.completionTokens)
    const cut = (await answerOf()).at(-1)
    assert.ok(typeof cut === 'object' && cut.isCutOff && !cut.isFiltered)
    const filtered = (await answerOf()).at(-1)
    assert.ok(typeof filtered === 'object' && !filtered.isCutOff && filtered.isFiltered)
    const { messages, model, temperature, max_tokens } = openai.chat.requests.at(-1) ?? {}
    assert.deepEqual(
      { messages, model, temperature, max_tokens },
      {
        messages: MESSAGES,
        model: 'gpt-5.4-mini',
        temperature: 0.2,
        max_tokens: 100,
      },
    )
  })

  test('leaves out what a model does not take, from then on', async () => {
    const model = create()
    const unsupported = (param: string) => ({
      error: { message: 'no', type: 'invalid_request_error', code: 'unsupported_value', param },
    })
    refuse(400, unsupported('temperature'))
    refuse(400, unsupported('max_tokens'))
    await answerOf(model)
    const before = openai.server.count('/v1/chat')
    await answerOf(model)
    assert.equal(openai.server.count('/v1/chat'), before + 1)
    const { temperature, max_tokens, max_completion_tokens } = openai.chat.requests.at(-1) ?? {}
    assert.deepEqual([temperature, max_tokens, max_completion_tokens], [undefined, undefined, 100])
  })

  test('learns what a model does not take from several questions at once', async (t) => {
    const model = create()
    openai.chat.refusesTemperature = true
    t.after(() => {
      openai.chat.refusesTemperature = false
    })
    for (const parts of await Promise.all([1, 2, 3].map(() => answerOf(model)))) assert.ok(parts.length > 1)
    assert.equal(openai.chat.requests.at(-1)?.temperature, undefined)
  })

  for (const [status, headers, body, code, retryAfterMs] of [
    [401, {}, undefined, 'CHAT_AUTH', undefined],
    [403, {}, undefined, 'CHAT_AUTH', undefined],
    [404, {}, undefined, 'CHAT_AUTH', undefined],
    [400, {}, { error: { code: 'context_length_exceeded', param: 'messages' } }, 'CHAT_REJECTED', undefined],
    [429, { 'retry-after': '3' }, undefined, 'CHAT_RATE_LIMITED', 3_000],
    [429, {}, { error: { code: 'insufficient_quota', type: 'insufficient_quota' } }, 'CHAT_QUOTA_EXHAUSTED', undefined],
    [503, { 'retry-after': '7' }, undefined, 'CHAT_UNAVAILABLE', 7_000],
  ] as const)
    test(`makes ${code} of status ${status} ${JSON.stringify(body ?? headers)}, after one request`, async () => {
      const before = openai.server.count('/v1/chat')
      refuse(status, body, headers)
      await assert.rejects(answerOf(), (error: Error & { code: string; retryAfterMs?: number }) => {
        assert.deepEqual([error.code, error.retryAfterMs], [code, retryAfterMs])
        assert.doesNotMatch(error.message, /secret text|sk-test/)
        if (status === 400) assert.match(error.message, /context_length_exceeded/)
        return true
      })
      assert.equal(openai.server.count('/v1/chat'), before + 1)
    })

  for (const end of ['broken off', 'error'] as const)
    test(`says CHAT_UNAVAILABLE of an answer with the end: ${end}`, async () => {
      openai.chat.says({ pieces: ['Half'], end })
      await assert.rejects(answerOf(), { code: 'CHAT_UNAVAILABLE' })
    })

  test('says CHAT_UNAVAILABLE where nothing listens, and where an answer takes too long', async () => {
    await assert.rejects(answerOf(create({ baseUrl: 'http://127.0.0.1:1' })), { code: 'CHAT_UNAVAILABLE' })
    const gate = new Gate()
    openai.chat.says({ pieces: ['Slow', 'ly'], gate })
    await assert.rejects(answerOf(create({ timeoutMs: 200 })), { code: 'CHAT_UNAVAILABLE' })
    gate.open()
  })

  test('ends the request when it is told to, and when nobody reads on', async () => {
    const { left } = openai.chat
    const gate = new Gate()
    openai.chat.says({ pieces: ['Deep', '!'], gate }, { pieces: ['Deep', '!'], gate })
    const abort = new AbortController()
    const answer = answerOf(create(), abort.signal)
    await gate.arrival
    abort.abort(new Error('cancelled'))
    await assert.rejects(answer, /cancelled/)
    for await (const _ of create().stream(MESSAGES)) break
    await eventually(async () => assert.equal(openai.chat.left, left + 2))
    gate.open()
  })

  test('tells how the last question ended, where it was not broken off', async () => {
    const last = new LastCall()
    const model = watchedChatModel(create(), last)
    refuse(401)
    await assert.rejects(Array.fromAsync(model.stream(MESSAGES)))
    for await (const _ of model.stream(MESSAGES)) break
    assert.equal(last.outcome?.code, 'CHAT_AUTH')
    await Array.fromAsync(model.stream(MESSAGES))
    assert.deepEqual([last.outcome?.code, last.outcome?.at instanceof Date], [undefined, true])
  })
})
