import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** What npm's own codes mean to whoever waits for it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/,
    'npm cannot reach its registry. Is there a network? Behind a proxy: npm config set https-proxy http://<proxy>:<port>; where there is a registry of your own: npm config set registry <address>',
  ],
  [/\b(ENOSPC|EDQUOT)\b/, 'The disk is full. Make room, or set LOCAL_EMBEDDINGS_DIR to a folder on another disk'],
  [/\b(EACCES|EPERM|EROFS)\b/, 'npm may not write there. Set LOCAL_EMBEDDINGS_DIR to a folder that can be written'],
  [
    /\bEINTEGRITY\b/,
    'The registry sent other files than those of our lock file. npm cache clean --force, then try again',
  ],
  [/\bE404\b/, 'The registry lacks a package, or this version of it. Use one that mirrors all of npm'],
]

/** `npm ci` in that folder. @throws Error with a sentence that says what to do */
export async function npmInstall(dir: string, signal?: AbortSignal): Promise<void> {
  const npm = spawn('npm', ['ci', '--no-progress', '--loglevel=error'], {
    cwd: dir,
    stdio: ['ignore', 'ignore', 'pipe'],
    // npm is a script there.
    shell: process.platform === 'win32',
    signal,
  })
  const [said, code] = await Promise.all([text(npm.stderr), once(npm, 'close').then(([code]) => code)]).catch(
    (cause: NodeJS.ErrnoException) => {
      signal?.throwIfAborted()
      throw new Error(`npm could not be started (${cause.code}). It comes with Node: put it on the PATH.`, { cause })
    },
  )
  if (code !== 0) throw new Error(describe(said, code), { cause: said })
}

function describe(said: string, code: number): string {
  const lines = said.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
  const own = lines.filter((line) => line && !/^(code|errno|syscall|A complete log)/.test(line)).slice(0, 2)
  const [, advice] = ADVICE.find(([pattern]) => pattern.test(said)) ?? []
  return [advice ?? `npm ci ended with code ${code}`, own.join(' ') || 'it said nothing'].join('. It said: ')
}
