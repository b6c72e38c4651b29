const ELSEWHERE =
  'HF_ENDPOINT names a mirror of the hub; EMBEDDING_MODEL_PATH names a folder with a model, where you can bring one.'

/** A sentence for an answer of the hub, or of what stands before it. */
export function statusFailure(status: number, url: string): Error {
  return new Error(`${describe(status)} (${status}): ${url}. ${advise(status)}`)
}

function describe(status: number): string {
  if (status === 401 || status === 403) return 'The hub refused the file'
  if (status === 404) return 'The hub has no such file'
  if (status === 407) return 'The proxy wants to know who asks'
  return 'The hub did not answer as it should'
}

function advise(status: number): string {
  if (status === 401 || status === 403)
    return 'There is no such model, or its owner wants an account for it. Choose another one (--model <owner>/<name>).'
  if (status === 404)
    return 'Is the name right, and does the model come as ONNX (onnx/model_quantized.onnx)? --model <owner>/<name> and --revision choose another.'
  if (status === 407) return 'Put its name and password into HTTPS_PROXY: http://<name>:<password>@<proxy>:<port>.'
  return `Try again later. ${ELSEWHERE}`
}

/** A sentence for a request that had no answer. `cause`: as `fetch` throws it. */
export function networkFailure(cause: unknown, url: string): Error {
  const status = proxyStatusIn(cause)
  if (status) return statusFailure(status, url)
  const code = codeOf(cause)
  const { host } = new URL(url)
  return new Error(`${host} cannot be reached${code ? ` (${code})` : ''}. ${adviseFor(code)}`, { cause })
}

/** A proxy that refuses to connect is no answer to `fetch`. */
function proxyStatusIn(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const status = /Proxy response \((?<status>\d+)\)/.exec(error.message)?.groups?.status
  return status ? Number(status) : proxyStatusIn(error.cause)
}

function adviseFor(code: string | undefined): string {
  if (code && /CERT|SIGNATURE|SELF_SIGNED/.test(code))
    return 'Its certificate is not trusted here: NODE_EXTRA_CA_CERTS=<file> names the certificate of a proxy that opens connections.'
  return `Is there a network? Behind a proxy set HTTPS_PROXY. ${ELSEWHERE}`
}

function codeOf(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code
    if (each instanceof AggregateError) return codeOf(each.errors[0])
  }
  return undefined
}
