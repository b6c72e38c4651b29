import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { loadVerify } from './verify-webhook.ts'

export type Delivery = {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string
}

type Told = {
  readonly id: string
  readonly type: string
  readonly created_at: string
  readonly expert: {
    readonly id: string
    readonly name: string
    readonly status: string
    readonly status_reason: string | null
    readonly progress: object
    readonly summary: { readonly totals: object; readonly seconds: object } | null
  }
}

/** Listens on loopback, keeps what comes, and answers 204, unless it is told otherwise for a path. */
export async function startWebhookReceiver() {
  const deliveries: Delivery[] = []
  const answers = new Map<string, number[]>()
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    const body = await text(request)
    deliveries.push({ path, headers: request.headers as Record<string, string>, body })
    response.writeHead(answers.get(path)?.shift() ?? 204, { location: '/elsewhere' }).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    answerNext: (path: string, ...statuses: number[]) => answers.set(path, statuses),
    at: (path: string) => deliveries.filter((delivery) => delivery.path === path),
    close: () => new Promise((closed) => server.close(closed)),
  }
}

const check = await loadVerify()

/** @throws where the secret did not sign it, or long ago */
export const verify = ({ body, headers }: Delivery, secret: string) => check(body, headers, secret) as Told
