import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findExecutable } from './find-executable.ts'
import { cachedTool, goInstall } from './go-tool.ts'
import { startProgram } from './run-program.ts'
import { waitFor } from './wait-for.ts'

const VERSITYGW = {
  module: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
  name: 'versitygw',
  packages: 700,
} as const

export type S3ServerOptions = {
  readonly dir: string
  readonly port: number
  readonly accessKeyId: string
  readonly secretKey: string
  /** Is created. */
  readonly bucket: string
}

/** A real S3 server on the loopback interface (versitygw), which keeps objects as files below `dir`. */
export async function startS3Server({ dir, port, bucket, accessKeyId, secretKey }: S3ServerOptions) {
  const program = await findVersityGateway()
  const objects = join(dir, 'objects')
  await mkdir(join(objects, bucket), { recursive: true })
  const credentials = ['--access', accessKeyId, '--secret', secretKey]
  const server = await startProgram(
    program,
    [...credentials, '--port', `127.0.0.1:${port}`, 'posix', objects],
    join(dir, 's3.log'),
  )
  await waitFor(() => accepts(port), server.exited, 'the S3 server')
  return { endpoint: `http://127.0.0.1:${port}`, close: server.stop }
}

async function findVersityGateway(): Promise<string> {
  const { name, version } = VERSITYGW
  const found = (await findExecutable(cachedTool(name, version))) ?? (await findExecutable(name))
  return found ?? goInstall(VERSITYGW, () => undefined)
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
