import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HEARTBEAT, HEARTBEAT_MS } from './server-sent-event.ts'

/** No cache or proxy holds events back, and the connection ends with them: kept alive, it would hold up the end of the API. */
export const EVENT_STREAM_HEADERS = {
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
  connection: 'close',
}

/** Events as they come, and comments while none does. Who takes the stream away, as when a client leaves, closes it. */
export function streamEvents(events: AsyncIterable<string>, heartbeatMs = HEARTBEAT_MS): PassThrough {
  const stream = new PassThrough()
  const heart = setInterval(() => {
    if (!stream.writableEnded && !stream.writableNeedDrain) stream.write(HEARTBEAT)
  }, heartbeatMs)
  stream.once('close', () => clearInterval(heart))
  // What went wrong is an event; what is left is a client that went away.
  pipeline(events, stream).catch(() => undefined)
  return stream
}
