import type { Tracer } from '@opentelemetry/api'
import { context, SpanKind, trace } from '@opentelemetry/api'
import type { DirectUploads } from '../../domain/direct-upload.ts'
import type { ChatModel, Embedder, ObjectStore, TextExtractor, VectorStore } from '../../domain/ports.ts'
import { inSpan, streamInSpan } from './spans.ts'

export type TracedPorts = {
  readonly objects: ObjectStore
  readonly directUploads: DirectUploads
  readonly extractor: TextExtractor
  readonly embedder: Embedder
  readonly vectors: VectorStore
  readonly chat: ChatModel
}

/** What goes out of the process and is waited for. */
const CALLS: { readonly [P in keyof TracedPorts]: readonly (keyof TracedPorts[P])[] } = {
  objects: ['upload', 'download', 'size', 'delete'],
  directUploads: ['begin', 'received', 'finish'],
  extractor: ['extract'],
  embedder: ['embed'],
  vectors: ['upsert', 'query', 'deleteFile', 'deleteNamespace', 'count', 'hasFile', 'candidates'],
  chat: ['stream'],
}

/**
 * The same port, whose calls are spans of what they are made for. Spans tell what is called, not with what: neither address,
 * nor key, nor text; and nothing of the trace is sent to the vendor.
 */
export function tracePort<P extends keyof TracedPorts>(
  tracer: Tracer,
  port: P,
  target: TracedPorts[P],
): TracedPorts[P] {
  const traced = new Set<PropertyKey>(CALLS[port])
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (!traced.has(name)) return value.bind(target)
      const options = { name: `${port}.${String(name)}`, kind: SpanKind.CLIENT }
      return (...args: unknown[]) => {
        if (!trace.getSpan(context.active())) return value.apply(target, args)
        if (port === 'chat') return streamInSpan(tracer, options, value.apply(target, args))
        return inSpan(tracer, options, () => value.apply(target, args))
      }
    },
  })
}
