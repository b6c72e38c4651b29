import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { tracePort } from '../../adapters/opentelemetry/trace-port.ts'
import { ChatFailure } from '../../domain/chat-failure.ts'
import type { DirectUploads } from '../../domain/direct-upload.ts'
import { Failure } from '../../domain/failure.ts'
import type { ChatModel } from '../../domain/ports.ts'

const ended: { name: string; type: unknown }[] = []
const tracer = new TracerProvider({
  spanProcessors: [
    {
      onStart: () => undefined,
      onEnd: ({ name, attributes }) => ended.push({ name, type: attributes['error.type'] }),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    },
  ],
}).getTracer('test')

before(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
after(() => context.disable())

const model = (fails: boolean) =>
  tracePort(tracer, 'chat', {
    model: 'm',
    countTokens: () => 1,
    async *stream() {
      yield 'Deep'
      if (fails) throw new ChatFailure('CHAT_UNAVAILABLE', '')
      yield { isCutOff: false, usage: undefined }
    },
  } satisfies ChatModel)

const within = <T>(work: () => Promise<T>) =>
  context.with(trace.setSpan(context.active(), tracer.startSpan('request')), work)

test('what a direct upload asks of the store is a span; signing asks nothing', async () => {
  const uploads = tracePort(tracer, 'directUploads', {
    begin: async () => 'id',
    sign: async () => ({ url: '', headers: {} }),
    received: async () => [],
    finish: () => Promise.reject(new Failure('STORAGE_UNAVAILABLE')),
  } satisfies DirectUploads)
  const ref = { key: 'k', id: 'id' }
  ended.length = 0
  await within(async () => {
    await uploads.begin('k', { contentType: '', checksPart: false })
    await uploads.sign(ref, { number: 1, size: 1 }, 1)
    await uploads.received(ref)
    await assert.rejects(uploads.finish(ref, []), { code: 'STORAGE_UNAVAILABLE' })
  })
  assert.deepEqual(ended, [
    { name: 'directUploads.begin', type: undefined },
    { name: 'directUploads.received', type: undefined },
    { name: 'directUploads.finish', type: 'STORAGE_UNAVAILABLE' },
  ])
})

test('an answer of the chat model is a span until its last piece, or until nobody reads on, with its failure', async () => {
  ended.length = 0
  await within(async () => {
    const parts = await Array.fromAsync(model(false).stream([]))
    assert.equal(parts.length, 2)
    for await (const _ of model(false).stream([])) break
    await assert.rejects(Array.fromAsync(model(true).stream([])), { code: 'CHAT_UNAVAILABLE' })
  })
  await Array.fromAsync(model(false).stream([]))
  assert.deepEqual(ended, [
    { name: 'chat.stream', type: undefined },
    { name: 'chat.stream', type: undefined },
    { name: 'chat.stream', type: 'CHAT_UNAVAILABLE' },
  ])
})
