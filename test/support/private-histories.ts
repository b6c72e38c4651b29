import assert from 'node:assert/strict'
import type { Client } from '@temporalio/client'

/** Reads every history of the task queue. @throws AssertionError where one holds any of `hidden`. @returns how many there were */
export async function assertPrivate(client: Client, taskQueue: string, hidden: readonly string[]): Promise<number> {
  let read = 0
  let hasKeys = false
  for await (const { history, workflowId } of client.workflow
    .list({ query: `TaskQueue = '${taskQueue}'` })
    .intoHistories()) {
    const payloads = readPayloads(history)
    hasKeys ||= payloads.includes('upload')
    for (const word of hidden) assert.ok(!payloads.includes(word), `the history of ${workflowId} holds ${word}`)
    read++
  }
  assert.ok(hasKeys, 'keys are there')
  return read
}

/** All payloads of a history as text. */
function readPayloads(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? value : ''
  return Object.values(value).map(readPayloads).join('\n')
}
