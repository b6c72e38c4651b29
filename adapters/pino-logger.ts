import type { Logger as TemporalLogger } from '@temporalio/worker'
import { type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { LogConfig } from '../config.ts'
import { redactor, SECRET_FIELDS } from './redaction.ts'

/** One line an event: readable on a terminal, JSON elsewhere. */
export function createLogger(
  { level, format, secrets = [] }: LogConfig,
  process: string,
  /** Gives what each line gets beside its own fields. */
  mixin: () => object = () => ({}),
): Logger {
  const redact = { paths: SECRET_FIELDS, censor: '[redacted]' }
  const options = { level, base: { process }, mixin, redact, hooks: { streamWrite: redactor(secrets) } }
  if (format === 'json') return pino(options)
  return pino(
    options,
    PinoPretty({ ignore: IGNORED.join(), translateTime: 'SYS:HH:MM:ss', singleLine: true, sync: true }),
  )
}

/** What Temporal adds to each line of an activity: worth having in a search, noise to a reader. */
const IGNORED = [
  ...['pid', 'hostname', 'process', 'sdkComponent', 'taskQueue', 'namespace', 'isLocal', 'attempt'],
  ...['workflowId', 'workflowRunId', 'runId', 'workflowType', 'activityId', 'activityType', 'traceId', 'spanId'],
]

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

/** The SDK's own events, and those of activities with their workflow and file, through the same logger. */
export function toTemporalLogger(logger: Logger): TemporalLogger {
  const write = (level: keyof typeof LEVELS, message: string, meta: Record<string | symbol, unknown> = {}) => {
    const { taskToken: _, ...fields } = meta
    logger[isSmallTalk(message) ? 'debug' : LEVELS[level]](fields, message)
  }
  return {
    log: (level, message, meta) => write(level, message, meta),
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  }
}

/** What workers say at each start, several times over, some of it as a warning. */
const isSmallTalk = (message: string) => /^(Worker state changed|No .+ registered, not polling)/.test(message)
