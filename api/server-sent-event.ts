/* Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */

export const serverSentEvent = (name: string, data: unknown): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

export const HEARTBEAT = ': heartbeat\n\n'

/** Proxies, and browsers behind them, close what is silent for a minute. */
export const HEARTBEAT_MS = 15_000
