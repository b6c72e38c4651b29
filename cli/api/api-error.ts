/** An answer of the API that is not a success: what its problem says. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: number
  /** What the API asks to wait. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, { code, detail, retryAfterMs }: ApiProblem) {
    super(detail)
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}

type ApiProblem = { readonly code: string; readonly detail: string; readonly retryAfterMs?: number | undefined }

/** No answer came, or not all of it. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable'
}

const HINTS: Readonly<Record<number, string>> = {
  401: ' Set API_KEY, in the environment or in .env, to a key that is neither revoked nor expired.',
}

/** @param hasKey whether one was sent */
export async function toApiError(response: Response, hasKey: boolean): Promise<ApiError> {
  const { status, headers } = response
  const text = await response.text().catch(() => '')
  const { code = `HTTP_${status}`, detail = `The answer was ${status} ${response.statusText}.` } = problemIn(text)
  const hint = status === 401 && !hasKey ? ' API_KEY is not set: set it, in the environment or in .env.' : HINTS[status]
  const retryAfterMs = secondsOf(headers.get('retry-after'))
  return new ApiError(status, { code, detail: detail + (hint ?? ''), retryAfterMs })
}

function problemIn(text: string): { code?: string; detail?: string } {
  try {
    const problem: unknown = JSON.parse(text)
    return typeof problem === 'object' && problem !== null ? problem : {}
  } catch {
    // A proxy's page.
    return {}
  }
}

const secondsOf = (header: string | null) => (header && /^\d+$/.test(header) ? Number(header) * 1_000 : undefined)
