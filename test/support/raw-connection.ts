import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** A client that says what it likes: bytes on a socket, and all that came back. */
export class RawConnection {
  readonly #socket: Socket
  #answer = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    // The server may hang up in the middle of what is sent.
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        this.#answer += bytes.toString('latin1')
      })
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Sends the text over and over, until the server hangs up. */
  drip(text: string, everyMs: number): void {
    const dripping = setInterval(() => this.send(text), everyMs)
    this.#socket.once('close', () => clearInterval(dripping))
  }

  /** So far. */
  get answer(): string {
    return this.#answer
  }

  /** What the server answered before it hung up. */
  async untilClosed(): Promise<string> {
    if (!this.#socket.closed) await once(this.#socket, 'close')
    return this.#answer
  }

  close(): void {
    this.#socket.destroy()
  }
}
