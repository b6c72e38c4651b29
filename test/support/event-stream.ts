import { once } from 'node:events'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { get } from 'node:http'
import { eventually } from './requests.ts'

export type StreamedEvent = {
  readonly name: string
  readonly data: Record<string, unknown>
  readonly id: string | undefined
}

/** A client of server-sent events, over a socket. */
export class EventStream {
  readonly events: StreamedEvent[] = []
  comments = 0
  lastEventId: string | undefined
  isOver = false
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly #request: ClientRequest
  #rest = ''

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request
    this.status = response.statusCode ?? 0
    this.headers = response.headers
    response.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    response
      .on('error', () => undefined)
      .on('close', () => {
        this.isOver = true
      })
  }

  static async open(url: string, lastEventId?: string): Promise<EventStream> {
    const request = get(url, {
      agent: false,
      headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
    })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    request.on('error', () => undefined)
    return new EventStream(request, response)
  }

  named(name: string): StreamedEvent[] {
    return this.events.filter((event) => event.name === name)
  }

  /** The first such event, once it has come. */
  until(name: string, matches: (data: Record<string, unknown>) => boolean = () => true): Promise<StreamedEvent> {
    return eventually(async () => {
      const event = this.named(name).find(({ data }) => matches(data))
      if (!event) throw new Error(`no such ${name} among ${JSON.stringify(this.events.slice(-5))}`)
      return event
    }, 30_000)
  }

  close(): void {
    this.#request.destroy()
  }

  #take(text: string): void {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    for (const block of blocks) this.#takeBlock(block)
  }

  #takeBlock(block: string): void {
    if (block.startsWith(':')) {
      this.comments++
      return
    }
    const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]))
    this.lastEventId = fields.get('id') ?? this.lastEventId
    this.events.push({
      name: fields.get('event') ?? '',
      data: JSON.parse(fields.get('data') ?? ''),
      id: fields.get('id'),
    })
  }
}
