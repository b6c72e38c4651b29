import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import protobuf from 'protobufjs'

export type ReceivedSpan = {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

/** What we read of OpenTelemetry's protocol; field numbers are those of its `.proto` files. */
const PROTOCOL = `syntax = "proto3";
message Request { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
message Resource { repeated KeyValue attributes = 1; }
message ScopeSpans { repeated Span spans = 2; }
message Span {
  bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5;
  repeated KeyValue attributes = 9; Status status = 15;
}
message Status { string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }`

const Request = protobuf.parse(PROTOCOL).root.lookupType('Request')

type KeyValue = { key: string; value: Record<string, unknown> }
type WireSpan = {
  name: string
  traceId: Buffer
  spanId: Buffer
  parentSpanId: Buffer
  attributes: KeyValue[]
  status?: { code: number }
}
type WireRequest = { resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: WireSpan[] }[] }[] }

/** A collector, as far as tests need one: keeps the spans, and everything else as it came. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  /** Whatever was sent, headers included, as text. */
  readonly raw: string[] = []
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).then(() => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
    })
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(request: IncomingMessage): Promise<void> {
    const body = await buffer(request)
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
    this.raw.push(`${request.url} ${JSON.stringify(request.headers)}`, bytes.toString('latin1'), bytes.toString('utf8'))
    if (request.url === '/v1/traces') this.spans.push(...read(bytes))
  }
}

function read(bytes: Buffer): ReceivedSpan[] {
  const request = Request.toObject(Request.decode(bytes), { longs: Number, arrays: true }) as WireRequest
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(toRecord(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ service, ...toSpan(span) })))
  })
}

const toSpan = ({ name, traceId, spanId, parentSpanId, attributes, status }: WireSpan) => ({
  name,
  traceId: hex(traceId),
  spanId: hex(spanId),
  parentSpanId: hex(parentSpanId),
  attributes: toRecord(attributes),
  failed: status?.code === 2,
})

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex')
const toRecord = (attributes: readonly KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** The spans of a trace as a tree, a line each; what is the same under one parent is counted. */
export function traceTree(spans: readonly ReceivedSpan[], parentSpanId = '', depth = 0): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const isChild = (span: ReceivedSpan) =>
    depth === 0 ? !known.has(span.parentSpanId) : span.parentSpanId === parentSpanId
  const lines = spans
    .filter(isChild)
    .map((span) => [`${'  '.repeat(depth)}${span.name} (${span.service})`, ...traceTree(spans, span.spanId, depth + 1)])
  return lines.flat()
}
