import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import { eventually } from '../support/requests.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

test('reading keeps nothing of what asked for it, though the process lives on for the next file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'leftovers-'))
  const extractor = new ProcessTextExtractor(extractionConfig)
  try {
    const path = join(dir, 'note.txt')
    await writeFile(path, 'The tide table hangs beside the door.')
    const read = () => extractor.extract(path)
    // The process itself belongs to the first that asks, and the time until it ends to the last.
    await read()
    const asked = await readWithin(new AsyncLocalStorage(), read)
    await read()
    await eventually(async () => {
      collectGarbage()
      assert.equal(asked.deref(), undefined)
    }, 10_000)
  } finally {
    await extractor.close()
    await rm(dir, { recursive: true })
  }
})

/** An activity's context is kept by whatever promise it waits for. */
async function readWithin(contexts: AsyncLocalStorage<object>, read: () => Promise<unknown>): Promise<WeakRef<object>> {
  const context = {}
  await contexts.run(context, read)
  return new WeakRef(context)
}
