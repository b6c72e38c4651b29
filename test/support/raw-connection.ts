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

  /** `allowHalfOpen`: goes on sending when the server has said its last. */
  static async open(url: string, allowHalfOpen = false): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen })
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

  /** Once the server has answered so. */
  async until(answer: RegExp): Promise<void> {
    while (!answer.test(this.#answer)) await once(this.#socket, 'data')
  }

  /** What the server answered before it hung up. */
  async untilClosed(): Promise<string> {
    if (!this.#socket.closed) await new Promise((resolve) => this.#socket.once('close', resolve))
    return this.#answer
  }

  close(): void {
    this.#socket.destroy()
  }
}
