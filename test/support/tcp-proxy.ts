import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** Stands before a server, and can fall silent as the network does when a machine is gone: connections stay, and nothing comes. */
export class TcpProxy {
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#accept(socket))
  #silent = false
  #holdsAnswers = false

  constructor(target: string) {
    this.#target = new URL(target)
  }

  /** @returns the target's URL, by way of this proxy */
  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.href
  }

  fallSilent(): void {
    this.#silent = true
    for (const socket of this.#sockets) socket.unpipe()
  }

  /** Connections that were opened in silence stay silent. */
  speakAgain(): void {
    this.#silent = false
  }

  /** Of connections that are opened from now on: requests go through, and nothing comes back. */
  holdAnswers(): void {
    this.#holdsAnswers = true
  }

  /** Every connection breaks; new ones are as they were before. */
  cut(): void {
    this.#holdsAnswers = false
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(socket: Socket): void {
    this.#watch(socket)
    if (this.#silent) return
    const onward = connect(Number(this.#target.port), this.#target.hostname)
    this.#watch(onward)
    socket.pipe(onward)
    if (!this.#holdsAnswers) onward.pipe(socket)
    socket.once('close', () => onward.destroy())
    onward.once('close', () => this.#silent || socket.destroy())
  }

  #watch(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
