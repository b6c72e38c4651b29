import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { S3Config } from '../../config.ts'

const NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const errorOf = (code: string) => `<Error><Code>${code}</Code><Message>injected by a test</Message></Error>`

/** Keeps the lifecycle rules of a bucket as AWS does, which the S3 server of the tests does not. */
export class LifecycleServer {
  readonly #server = createServer((request, response) => this.#serve(request, response))
  /** Elements, as XML. */
  rules: string
  puts = 0
  refuses = false
  /** S3's name of what it then answers each PUT of lifecycle rules with. */
  fails: string | undefined

  private constructor(rules: string) {
    this.rules = rules
  }

  static async start(t: TestContext, rules: string): Promise<LifecycleServer> {
    const server = new LifecycleServer(rules)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    t.after(() => {
      server.#server.close()
      server.#server.closeAllConnections()
    })
    return server
  }

  get config(): S3Config {
    const { port } = this.#server.address() as AddressInfo
    const credentials = { accessKeyId: 'test-access-key', secretKey: 'test-secret-key', region: 'us-east-1' }
    return { ...credentials, bucket: 'bucket', endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    if (this.refuses || !/\?lifecycle/.test(request.url ?? ''))
      return void response.writeHead(403).end(errorOf('AccessDenied'))
    if (request.method === 'PUT' && this.fails) return void response.writeHead(400).end(errorOf(this.fails))
    if (request.method === 'PUT') {
      this.puts++
      this.rules = /<Rule>.*<\/Rule>/s.exec(body)?.[0] ?? ''
      return void response.writeHead(200).end()
    }
    const document = `<LifecycleConfiguration ${NAMESPACE}>${this.rules}</LifecycleConfiguration>`
    response.writeHead(200, { 'content-type': 'application/xml' }).end(document)
  }
}
