/** Fields that may hold a secret, wherever they turn up; for pino's `redact`. */
export const SECRET_FIELDS = [
  ...['authorization', 'apiKey', 'secretKey', 'password', 'connectionString', 'cookie'],
  ...['headers.authorization', 'headers["api-key"]', 'headers["Api-Key"]'],
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

const CENSOR = '[redacted]'
/** A shorter one would be found in words that are no secret. */
const SHORTEST = 8

/** What is known to be secret by its form: keys of ours and of vendors, secrets of webhooks, signatures of presigned URLs, passwords in addresses. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/\b(esk_|pcsk_|sk-)[\w-]{16,}/g, CENSOR],
  [/\bwhsec_[\w+/]{16,}=*/g, CENSOR],
  [/\b(Bearer|Basic) +[^\s"\\,]{8,}/gi, `$1 ${CENSOR}`],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token))=[^&\s"\\]+/gi, `$1=${CENSOR}`],
  [/(\/\/[^\s/:@"\\]*):[^\s/@"\\]+@/g, `$1:${CENSOR}@`],
]

/** What takes secrets out of a line of a log: those of the configuration by their value, others by their form. */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const known = secrets.filter(({ length }) => length >= SHORTEST).map((secret) => JSON.stringify(secret).slice(1, -1))
  return (line) => {
    const withoutKnown = known.reduce((text, secret) => text.replaceAll(secret, CENSOR), line)
    return FORMS.reduce((text, [form, censored]) => text.replace(form, censored), withoutKnown)
  }
}
