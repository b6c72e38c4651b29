import type { DoctorConfig } from '../../../config.ts'
import type { Result } from './check.ts'

/** Too short to be taken out of a text without harm to it. */
const SHORTEST = 6

/** Takes secrets out of a result: what a server answers may repeat what it was sent. */
export function redaction(config: DoctorConfig): (result: Result) => Result {
  const secrets = secretsOf(config).filter((secret) => secret.length >= SHORTEST)
  const clean = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '•••'), text)
  return (result) => ({
    ...result,
    detail: clean(result.detail),
    ...(result.fix !== undefined && { fix: clean(result.fix) }),
  })
}

function secretsOf({ api, worker, client }: DoctorConfig): string[] {
  const { password } = new URL(api.database.url)
  const { objects, vectors, embeddings, temporal } = worker
  return [
    password,
    decodeURIComponent(password),
    api.adminKey ?? '',
    client.apiKey ?? '',
    objects.kind === 's3' ? objects.secretKey : '',
    vectors.kind === 'pinecone' ? vectors.apiKey : '',
    embeddings.openai?.apiKey ?? '',
    api.chat?.apiKey ?? '',
    typeof temporal.connect.connectionOptions.apiKey === 'string' ? temporal.connect.connectionOptions.apiKey : '',
  ]
}
