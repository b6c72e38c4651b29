import assert from 'node:assert/strict'
import type { Client } from '@temporalio/client'

/** Reads every history of the task queue. @throws AssertionError where one holds any of `hidden`. @returns how many there were */
export async function assertPrivate(client: Client, taskQueue: string, hidden: readonly string[]): Promise<number> {
  let read = 0
  for await (const { history, workflowId } of client.workflow
    .list({ query: `TaskQueue = '${taskQueue}'` })
    .intoHistories()) {
    const payloads = readPayloads(history)
    assert.ok(payloads.includes('upload'), 'keys are there')
    for (const word of hidden) assert.ok(!payloads.includes(word), `the history of ${workflowId} holds ${word}`)
    read++
  }
  return read
}

/** All payloads of a history as text. */
function readPayloads(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : ''
  return Object.values(value).map(readPayloads).join('\n')
}
