import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import * as workflows from '../../workflows/index.ts'
import { infrastructure } from '../support/infrastructure.ts'

const HISTORIES = join(import.meta.dirname, '../histories')
const paths = (await Array.fromAsync(glob('*/*.json', { cwd: HISTORIES }))).toSorted()

/* What was released may still be running somewhere, and has to find its way with the workflows of today. */
describe('runs of released versions', () => {
  test('are there, of every workflow', async () => {
    const types = new Set<unknown>()
    for (const path of paths) types.add(typeOf(await read(path)))
    assert.deepEqual([...types].toSorted(), Object.keys(workflows).toSorted())
  })

  for (const path of paths)
    test(`go on: ${path.replace('.json', '')}`, async () => {
      const workflowBundle = { code: await readFile(infrastructure().bundlePath, 'utf8') }
      await Worker.runReplayHistory({ workflowBundle }, await read(path))
    })
})

const read = async (path: string) => historyFromJSON(JSON.parse(await readFile(join(HISTORIES, path), 'utf8')))
const typeOf = ({ events }: Awaited<ReturnType<typeof read>>) =>
  events?.[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name
