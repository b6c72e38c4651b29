import assert from 'node:assert/strict'
import { MARKER } from './harbour-log.ts'
import { assertPrivate } from './private-histories.ts'
import type { Production } from './production.ts'
import { replayHistories } from './replay.ts'
import { eventually } from './requests.ts'

/**
 * The histories of all runs replay, and hold no text of the documents, no key and no secret. There are so many runs, `orMore`
 * where a worker that was killed may have asked for something that the next one asks for again.
 */
export async function checkHistories(
  { world: { client, taskQueue }, secrets }: Production,
  runs: number,
  { orMore = false } = {},
) {
  const assertAll = (found: number) => assert.ok(orMore ? found >= runs : found === runs, `${found} of ${runs} runs`)
  // Visibility lags behind: the last run may not be listed yet.
  await eventually(async () => assertAll(await assertPrivate(client, taskQueue, [MARKER, ...secrets])))
  assertAll(await replayHistories(client, taskQueue))
}
