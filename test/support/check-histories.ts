import assert from 'node:assert/strict'
import { MARKER } from './harbour-log.ts'
import { assertPrivate } from './private-histories.ts'
import type { Production } from './production.ts'
import { replayHistories } from './replay.ts'
import { eventually } from './requests.ts'

/** The histories of all runs replay, and hold no text of the documents, no key and no secret. */
export async function checkHistories({ world: { client, taskQueue }, secrets }: Production, runs: number) {
  // Visibility lags behind: the last run may not be listed yet.
  await eventually(async () => assert.equal(await assertPrivate(client, taskQueue, [MARKER, ...secrets]), runs))
  assert.equal(await replayHistories(client, taskQueue), runs)
}
