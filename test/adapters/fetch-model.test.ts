import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { readModelFolder } from '../../adapters/local/model-folder.ts'
import { fetchModel, modelDir, originOf } from '../../adapters/local/setup/fetch-model.ts'
import { withSetupLock } from '../../adapters/local/setup/with-setup-lock.ts'
import { Gate } from '../support/gate.ts'
import { HubServer } from '../support/hub-server.ts'

const ONNX = 'onnx/model_quantized.onnx'
const BYTES = 3_000_000
const FILES = new Map([
  ['config.json', Buffer.from('{"hidden_size":8}')] as const,
  ...['tokenizer.json', 'tokenizer_config.json'].map((file) => [file, Buffer.from('{}')] as const),
  [ONNX, randomBytes(BYTES)] as const,
])

/** An empty folder, and a hub with what looks like a model. */
async function fresh(t: TestContext, files: ReadonlyMap<string, Buffer> = FILES) {
  const modelsDir = await mkdtemp(join(tmpdir(), 'expertsmith-models-'))
  t.after(() => rm(modelsDir, { recursive: true }))
  const hub = new HubServer(files)
  const hubUrl = await hub.listen()
  t.after(() => hub.close())
  const { repository } = hub
  const seen: number[] = []
  const onProgress = (done: number, total: number) => {
    seen.push(done)
    assert.ok(done <= total)
  }
  const options = { hubUrl, repository, revision: 'main', modelsDir, onProgress }
  const get = async () => (await (await fetchModel(options)).keep()).dir
  const left = async () => (await readdir(modelsDir, { recursive: true })).filter((path) => path.includes('.onnx'))
  return { hub, seen, get, left, modelsDir, model: modelDir(modelsDir, repository) }
}

test('fetches the files of a model, and knows them again until one of them changes', async (t) => {
  const { hub, seen, get, left, model } = await fresh(t)
  assert.equal(await get(), model)
  for (const [file, content] of FILES) assert.deepEqual(await readFile(join(model, file)), content)
  assert.equal(seen.at(-1), BYTES + 21)
  const { revision, repository, files = [] } = (await originOf(model)) ?? {}
  // The commit that the branch stood for.
  assert.deepEqual(
    [repository, revision, files.length],
    [hub.repository, '0123456789abcdef0123456789abcdef01234567', 4],
  )
  assert.ok(hub.requests.some((request) => request.startsWith(`GET /${repository}/resolve/${revision}/`)))
  await truncate(join(model, ONNX), 1_000)
  assert.equal(await originOf(model), undefined)
  await get()
  assert.ok(await originOf(model))
  assert.equal((await left()).length, 1)
})

test('takes the pooling that a model names along', async (t) => {
  const { get, model } = await fresh(
    t,
    new Map([...FILES, ['1_Pooling/config.json', Buffer.from('{"pooling_mode":"cls"}')]]),
  )
  await get()
  assert.equal(await readFile(join(model, '1_Pooling/config.json'), 'utf8'), '{"pooling_mode":"cls"}')
})

test('goes on where a connection broke', async (t) => {
  const { hub, get, model } = await fresh(t)
  hub.breakOff(2, 1_000_000)
  await get()
  assert.equal(hub.ranges.length, 3)
  for (const range of hub.ranges.slice(1)) assert.match(range, /^bytes=[1-9]\d*-$/)
  assert.deepEqual(await readFile(join(model, ONNX)), FILES.get(ONNX))
})

test('keeps what came of a download that was given up, and goes on with it later', async (t) => {
  const { hub, get, left, model } = await fresh(t)
  hub.breakOff(1, 1_000_000)
  hub.refuseAfter(1)
  await assert.rejects(
    get(),
    /The hub did not answer as it should \(503\): .*model_quantized\.onnx\. Try again later\./,
  )
  await assert.rejects(readdir(model))
  assert.match((await left()).join(), /\.fetching.*\.onnx\.part$/)
  hub.heal()
  const before = hub.ranges.length
  await get()
  assert.match(hub.ranges[before] ?? '', /^bytes=[1-9]\d*-$/)
  assert.deepEqual(await readFile(join(model, ONNX)), FILES.get(ONNX))
  assert.equal((await left()).length, 1)
})

test('begins anew with a server that sends whole files only', async (t) => {
  const { hub, get, model } = await fresh(t)
  hub.breakOff(1, 1_000_000)
  hub.forgetRanges()
  await get()
  assert.deepEqual(await readFile(join(model, ONNX)), FILES.get(ONNX))
})

test('keeps nothing of a file that is not the one which the hub has', async (t) => {
  const { hub, get, left } = await fresh(t)
  hub.misstate(ONNX)
  await assert.rejects(
    get(),
    /did not arrive as it is: its checksum is [0-9a-f]{64}, and f{64} on the hub\. Something on the way changes files/,
  )
  assert.deepEqual(await left(), [])
})

test('a set-up waits for another one that works in the same folder, also where that one fails, or until it is given up', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-lock-'))
  t.after(() => rm(dir, { recursive: true }))
  const gate = new Gate()
  const first = withSetupLock(dir, { onWait: assert.fail }, async () => {
    await gate.pass()
    throw new Error('failed')
  })
  await gate.arrival
  const impatient = new AbortController()
  const onWait = () => impatient.abort(new Error('given up'))
  await assert.rejects(withSetupLock(dir, { onWait, signal: impatient.signal }, assert.fail), /given up|aborted/)
  const second = withSetupLock(dir, { onWait: () => gate.open() }, async () => 'done')
  await assert.rejects(first, /failed/)
  assert.equal(await second, 'done')
})

test('leaves what was fetched of other models, and not of its own', async (t) => {
  const { hub, get, modelsDir, left } = await fresh(t)
  for (const folder of ['test/other/0123/other', `${hub.repository}/0123/model`]) {
    await mkdir(join(modelsDir, '.fetching', folder), { recursive: true })
    await writeFile(join(modelsDir, '.fetching', folder, 'a.onnx.part'), 'half')
  }
  await get()
  assert.deepEqual((await left()).toSorted(), [
    '.fetching/test/other/0123/other/a.onnx.part',
    join(hub.repository, ONNX),
  ])
})

test('a model that makes room for another one stays, under its digest, wherever it came from; the same does not', async (t) => {
  const { hub, get, left, model } = await fresh(t)
  await get()
  const { name } = await readModelFolder(model)
  hub.push('a'.repeat(40), FILES)
  await get()
  assert.deepEqual(await left(), [join(hub.repository, ONNX)])
  hub.push('b'.repeat(40), new Map([...FILES, [ONNX, randomBytes(1_000)]]))
  // As somebody may have copied it there.
  await rm(join(model, 'origin.json'))
  await get()
  const [owner, folder] = hub.repository.split('/')
  const aside = join(`${owner}@${name.split('@')[1]}`, folder ?? '')
  assert.deepEqual((await left()).toSorted(), [join(hub.repository, ONNX), join(aside, ONNX)])
  assert.equal((await readModelFolder(join(model, '../..', aside))).name, name)
})
