import type { Logger as TemporalLogger } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { LogConfig } from '../config.ts'

/** Fields that may hold a secret, wherever they turn up. */
const SECRETS = ['authorization', 'apiKey', 'secretKey', 'password', 'connectionString'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

/** One line an event: readable on a terminal, JSON elsewhere. */
export function createLogger({ level, format }: LogConfig, process: string): Logger {
  const options = { level, base: { process }, redact: { paths: SECRETS, censor: '[redacted]' } }
  if (format === 'json') return pino(options)
  return pino(
    options,
    PinoPretty({ ignore: 'pid,hostname,process,sdkComponent,taskQueue,namespace,workflowId,runId,isLocal,activityId,activityType,attempt,workflowType,taskToken', translateTime: 'SYS:HH:MM:ss', singleLine: true, sync: true }),
  )
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

/** The SDK's own events, and those of activities with their workflow and file, through the same logger. */
export function toTemporalLogger(logger: Logger): TemporalLogger {
  const write = (level: keyof typeof LEVELS, message: string, meta: Record<string | symbol, unknown> = {}) =>
    logger[LEVELS[level]](meta, message)
  return {
    log: (level, message, meta) => write(level, message, meta),
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  }
}
