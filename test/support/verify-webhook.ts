import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

type Verify = (body: string, headers: Readonly<Record<string, string>>, secret: string) => unknown

/** As docs/webhooks.md tells receivers to do it: this is the code of that page. */
export async function loadVerify(): Promise<Verify> {
  const page = await readFile(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8')
  const code = /```js\n(?<code>.+?)```/s.exec(page)?.groups?.code ?? ''
  const { verify } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return verify
}
