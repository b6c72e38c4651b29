import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { S3Config } from '../../config.ts'

export const REGION = 'us-east-1'

type Refusal = { readonly status: number; readonly error: string; readonly region: string }
type Refuse = (request: { readonly date: number }) => Refusal | undefined

/** Refuses requests in the words of AWS, which says nothing but a status to HEAD; other S3 servers are kinder. What it does not refuse is empty. */
export class AwsLikeServer {
  readonly #server = createServer((request, response) => this.#serve(request, response))
  readonly #refuse: Refuse
  /** What time it is there. */
  clock = Date.now()

  private constructor(refuse: Refuse) {
    this.#refuse = refuse
  }

  static async start(t: TestContext, refuse: Refuse): Promise<AwsLikeServer> {
    const server = new AwsLikeServer(refuse)
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
    const credentials = { accessKeyId: 'test-access-key', secretKey: 'test-secret-key' }
    return { ...credentials, bucket: 'b', region: REGION, endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const refusal = this.#refuse({ date: signedAt(request) })
    const date = new Date(this.clock).toUTCString()
    if (!refusal) response.writeHead(200, { date, 'content-length': 0 }).end()
    else {
      const headers = { date, 'content-type': 'application/xml', 'x-amz-bucket-region': refusal.region }
      response.writeHead(refusal.status, headers).end(request.method === 'HEAD' ? undefined : bodyOf(refusal))
    }
  }
}

function bodyOf({ error, region }: Refusal): string {
  const where = error === 'AuthorizationHeaderMalformed' && region !== REGION ? `<Region>${region}</Region>` : ''
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error}</Code><Message>injected by a test</Message>${where}</Error>`
}

/** `20261126T162421Z` */
function signedAt({ headers }: IncomingMessage): number {
  const stamp = String(headers['x-amz-date'])
  return Date.parse(stamp.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'))
}
