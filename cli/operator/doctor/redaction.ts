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

/** What no line of a log may hold, and of the address of the database its password, also as the server may repeat it. */
function secretsOf({ api }: DoctorConfig): string[] {
  const { password } = new URL(api.database.url)
  return [...(api.log.secrets ?? []), password, decodeURIComponent(password)]
}
