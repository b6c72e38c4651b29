import { Connection } from '@temporalio/client'
import type { TemporalClientConfig } from '../config.ts'

/** @throws Error with a sentence for the operator, where Temporal cannot be reached */
export function connectTemporal({ connect }: TemporalClientConfig['temporal']): Promise<Connection> {
  const { connectionOptions } = connect
  return Connection.connect(connectionOptions).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : cause
    throw new Error(
      `Temporal cannot be reached at ${connectionOptions.address} (${why}). Is it running, and is TEMPORAL_ADDRESS right?`,
    )
  })
}
