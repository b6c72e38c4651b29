import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { childProcesses, cpuSeconds, isRunning, processesHidden } from '../support/child-processes.ts'
import { makeEndlessPdf } from '../support/endless-pdf.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import { eventually } from '../support/requests.ts'

const PROGRAM = fileURLToPath(import.meta.resolve('../support/read-one-file.ts'))

async function endlessPdf(t: TestContext): Promise<{ readonly path: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'orphans-'))
  t.after(() => rm(dir, { recursive: true }))
  const path = join(dir, 'endless.pdf')
  await writeFile(path, makeEndlessPdf())
  return { path }
}

/** A program that reads a PDF without an end. */
async function startReading(t: TestContext, memoryMb = 4_096) {
  const { path } = await endlessPdf(t)
  const parent = spawn(process.execPath, [PROGRAM, path, String(memoryMb)], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => parent.kill('SIGKILL'))
  return parent
}

async function readerOf(parent: number | undefined): Promise<number> {
  return eventually(async () => {
    const [reader] = childProcesses(parent)
    assert.ok(reader !== undefined, 'it reads')
    return reader
  })
}

const isGone = (reader: number) => eventually(async () => assert.equal(isRunning(reader), false), 2_000)

test('a reader ends with a worker that is killed', { skip: processesHidden }, async (t) => {
  const parent = await startReading(t)
  const reader = await readerOf(parent.pid)
  // Only a reader that computes has no time to hear that its parent is gone.
  await eventually(async () => assert.ok(cpuSeconds(reader) > 1, 'it computes'))
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await isGone(reader)
})

test('a reader ends with a worker that is killed while it starts', { skip: processesHidden }, async (t) => {
  const parent = await startReading(t)
  const reader = await readerOf(parent.pid)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await isGone(reader)
})

test('a program that does nothing but read hears of a reader that died', async (t) => {
  assert.equal(await text((await startReading(t, 100)).stdout), 'EXTRACTION_CRASHED')
})

test('a file is read again where its reader dies that had read others', { skip: processesHidden }, async (t) => {
  const { path } = await endlessPdf(t)
  const good = `${path}.txt`
  await writeFile(good, 'Good.')
  const extractor = new ProcessTextExtractor({ ...extractionConfig, processes: 1 })
  t.after(() => extractor.close())
  await extractor.extract(good)
  const [reader] = childProcesses()
  const reading = extractor.extract(good)
  process.kill(reader ?? 0, 'SIGKILL')
  assert.equal((await reading).pages[0]?.text, 'Good.')
  assert.notDeepEqual(childProcesses(), [reader])
})
