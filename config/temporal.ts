import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig'
import type { Reader } from './reader.ts'

export type TemporalConfig = {
  readonly connect: ClientConnectConfig
  readonly namespace: string
  readonly taskQueue: string
  readonly uiUrl: string
}

const TEMPORAL_VARIABLES = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_SERVER_NAME',
] as const

/** Address, API key and TLS are understood by Temporal's own reader, so its variables mean here what they mean everywhere. */
export function temporal(from: Reader): TemporalConfig {
  const given = TEMPORAL_VARIABLES.flatMap((name) => {
    const value = from.optional(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  // The one of `npm start`, where no other is named.
  const TEMPORAL_ADDRESS = `127.0.0.1:${from.port('STACK_TEMPORAL_PORT', 7233)}`
  const connect = loadConnection(from, { TEMPORAL_ADDRESS, ...Object.fromEntries(given) })
  return {
    connect,
    namespace: connect.namespace ?? 'default',
    taskQueue: from.text('TEMPORAL_TASK_QUEUE', 'expertsmith'),
    uiUrl: from.url('TEMPORAL_UI_URL') ?? `http://127.0.0.1:${from.port('STACK_TEMPORAL_UI_PORT', 8233)}`,
  }
}

function loadConnection(from: Reader, overrideEnvVars: Record<string, string>): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars, disableFile: true })
  } catch (error) {
    // Its message names a file that is missing, or what does not go together; never a secret.
    from.faults.push(`TEMPORAL_TLS… cannot be used: ${error instanceof Error ? error.message : error}`)
    return { connectionOptions: {} }
  }
}
