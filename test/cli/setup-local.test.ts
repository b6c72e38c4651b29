import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { before, describe, test } from 'node:test'
import { openEmbedders } from '../../adapters/embedders.ts'
import { installPackage } from '../../adapters/local/setup/install-package.ts'
import { expertsmith } from '../support/expertsmith.ts'
import { freePort } from '../support/free-port.ts'
import { HubServer } from '../support/hub-server.ts'
import { installedPackage, modelMissing, modelPath } from '../support/local-model.ts'

const ONNX = 'onnx/model_quantized.onnx'
const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json', ONNX]
const NO_SERVICES = { taskQueue: 'none', temporalAddress: 'none' }

describe('expertsmith setup local', { skip: modelMissing }, () => {
  let packageDir: string
  let files: Map<string, Buffer>

  before(async () => {
    packageDir = await installedPackage()
    files = new Map(
      await Promise.all(FILES.map(async (file) => [file, await readFile(join(modelPath, file))] as const)),
    )
  })

  /** A folder with the package in it, and a hub with the model. */
  async function fresh(t: TestContext, of: ReadonlyMap<string, Buffer> = files) {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-local-'))
    t.after(() => rm(dir, { recursive: true }))
    await symlink(packageDir, join(dir, 'package'))
    const hub = new HubServer(of)
    const url = await hub.listen()
    t.after(() => hub.close())
    const model = join(dir, 'models', hub.repository)
    const run = (...args: string[]) =>
      setUp({ LOCAL_EMBEDDINGS_DIR: dir, HF_ENDPOINT: url }, '--model', hub.repository, ...args)
    return { dir, hub, model, run }
  }

  const setUp = (env: Record<string, string>, ...args: string[]) =>
    expertsmith({ ...NO_SERVICES, env }, 'setup', 'local', ...args)

  test('fetches the model, tries it, says what was done and what is next; again it finds all there', async (t) => {
    const { hub, model, run } = await fresh(t)
    const first = await run()
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /^✅ Package: @huggingface\/transformers [\d.]+ is there, [\d.]+ MB in .*\/package$/m)
    assert.match(
      first.stdout,
      /^✅ Model: test\/all-MiniLM-L6-v2 \(01234567\) was fetched from 127\.0\.0\.1:\d+, 23\.\d MB in /m,
    )
    assert.match(
      first.stdout,
      /^✅ Tried: all-MiniLM-L6-v2@[0-9a-f]{8} gives 384 dimensions and takes 510 tokens; like sentences are nearer \(0\.\d+\)/m,
    )
    assert.match(first.stdout, /Set EMBEDDING_MODEL_PATH=.*all-MiniLM-L6-v2, and restart Expertsmith\./)
    for (const file of FILES) assert.deepEqual(await readFile(join(model, file)), files.get(file))
    assert.deepEqual((await readdir(join(model, '../..'))).toSorted(), ['test'])

    const asked = hub.requests.length
    const again = await run('--json')
    assert.equal(again.code, 0, again.stderr)
    assert.equal(hub.requests.length, asked)
    const { package: installed, model: fetched, check } = JSON.parse(again.stdout)
    assert.deepEqual([installed.is_new, fetched.is_new, check.dimensions], [false, false, 384])
    assert.ok(check.alike > check.unlike + 0.2)
  })

  test('follows a branch that is named, and keeps the model that was there for experts that were made with it', async (t) => {
    const { dir, hub, model, run } = await fresh(t)
    const main = async () => (await run('--revision', 'main')).stdout
    assert.match(await main(), /^✅ Model: test\/all-MiniLM-L6-v2 \(main is 01234567\) was fetched/m)
    const before = hub.requests.length
    assert.match(await main(), /\(main is 01234567\) is there/)
    assert.deepEqual(
      hub.requests.slice(before).filter((request) => !request.startsWith('HEAD')),
      [],
    )

    const tokenizer = Buffer.concat([files.get('tokenizer.json') ?? Buffer.of(), Buffer.from('\n')])
    hub.push('f'.repeat(40), new Map([...files, ['tokenizer.json', tokenizer]]))
    assert.match((await run()).stdout, /\(01234567\) is there/)
    const replaced = await main()
    const [, former = '', aside = ''] =
      /^✅ Kept: (\S+), which was there before, 23\.\d MB in (\S+), .*embeddings\.model.*: rm -r \2$/m.exec(replaced) ??
      []
    assert.match(replaced, /\(main is ffffffff\) was fetched/)
    assert.equal(aside, join(dir, 'models', `test@${former.split('@')[1]}`, 'all-MiniLM-L6-v2'))

    const options = { packageDir, threads: 1, modelsDir: join(dir, 'models') }
    const chosen = { provider: 'hashing', reason: 'the test wants it', hashing: { dimensions: 256 } } as const
    const embedders = await openEmbedders({ ...chosen, local: { ...options, modelPath: model }, otherLocal: options })
    t.after(() => embedders.close())
    const ofFormer = embedders.of({ embeddingModel: former, embeddingDimensions: 384 })
    const current = embedders.by('local')
    assert.notEqual(current.model, former)
    assert.deepEqual(await ofFormer.embed(['tide']), await current.embed(['tide']))
    assert.equal(embedders.by('local', { model: former }), ofFormer)
  })

  test('says what is wrong with a name, a file that is missing, and a model that is none', async (t) => {
    const { run, dir } = await fresh(t, new Map([...files].filter(([file]) => file !== ONNX)))
    const noOnnx = await run()
    assert.equal(noOnnx.code, 1)
    assert.match(
      noOnnx.stderr,
      /The hub has no such file \(404\): .*model_quantized\.onnx\..*does the model come as ONNX/,
    )
    const unknown = await setUp({ LOCAL_EMBEDDINGS_DIR: dir, HF_ENDPOINT: hubOf(noOnnx.stderr) }, '--model', 'no/body')
    assert.match(
      unknown.stderr,
      /The hub refused the file \(401\).*There is no such model, or its owner wants an account/,
    )
    const bad = await setUp({ LOCAL_EMBEDDINGS_DIR: dir }, '--model', '../../etc')
    assert.equal(bad.code, 2)
    const both = await setUp({ LOCAL_EMBEDDINGS_DIR: dir, EMBEDDING_MODEL_PATH: modelPath }, '--model', 'a/b')
    assert.equal(both.code, 2)
    assert.match(both.stderr, /EMBEDDING_MODEL_PATH names a folder with a model\. Leave it out/)

    const noModel = await fresh(t, new Map([...files, [ONNX, Buffer.from('no model')]]))
    const untried = await noModel.run()
    assert.equal(untried.code, 1)
    assert.match(untried.stderr, /The model in .* cannot be loaded/)
    await assert.rejects(readdir(noModel.model))
  })

  test('tries the model of a folder of your own, and asks nobody', async (t) => {
    const { dir, hub } = await fresh(t)
    const env = { LOCAL_EMBEDDINGS_DIR: dir, EMBEDDING_MODEL_PATH: modelPath, HF_ENDPOINT: 'http://127.0.0.1:1' }
    const { code, stdout, stderr } = await setUp(env)
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^✅ Model: a folder of your own, [\d.]+ MB in .*all-MiniLM-L6-v2$/m)
    assert.match(stdout, /\nRestart Expertsmith\. New experts are made with it where OPENAI_API_KEY is not set/)
    assert.equal(hub.requests.length, 0)
    const empty = await setUp({ ...env, EMBEDDING_MODEL_PATH: join(dir, 'models') })
    assert.equal(empty.code, 1)
    assert.match(empty.stderr, /A local model cannot be used: there is no config\.json in .*models\./)
  })

  test('says what to do where there is no network, and where there is no npm', async (t) => {
    const { dir } = await fresh(t)
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const offline = await setUp({ LOCAL_EMBEDDINGS_DIR: dir, HF_ENDPOINT: nowhere })
    assert.equal(offline.code, 1)
    assert.match(
      offline.stderr,
      /127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)\. Is there a network\? Behind a proxy set HTTPS_PROXY/,
    )

    const proxy = createServer().on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Who asks?\r\n\r\n'))
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    t.after(() => proxy.close())
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const asked = await setUp({ LOCAL_EMBEDDINGS_DIR: dir, HTTPS_PROXY })
    assert.match(
      asked.stderr,
      /The proxy wants to know who asks \(407\): https:\/\/huggingface\.co\/.*Put its name and password/,
    )

    const without = join(dir, 'without')
    const registry = {
      npm_config_registry: nowhere,
      npm_config_fetch_retries: '0',
      npm_config_cache: without,
    }
    const noRegistry = await setUp({ LOCAL_EMBEDDINGS_DIR: without, ...registry })
    assert.equal(noRegistry.code, 1)
    assert.match(
      noRegistry.stderr,
      /npm cannot reach its registry\. Is there a network\? Behind a proxy: npm config set/,
    )
    const noNpm = await setUp({ LOCAL_EMBEDDINGS_DIR: without, PATH: dir })
    assert.equal(noNpm.code, 1)
    assert.match(noNpm.stderr, /npm could not be started \(ENOENT\)\. It comes with Node/)
    assert.ok(!(await readdir(without)).includes('package'))
  })

  test('an installation by another lock file is replaced, as a whole', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-local-'))
    t.after(() => rm(dir, { recursive: true }))
    const own = join(dir, 'package')
    await mkdir(own)
    await cp(join(packageDir, 'package.json'), join(own, 'package-lock.json'))
    const { isNew, bytes } = await installPackage({ packageDir: own, onProgress: () => undefined })
    assert.equal(isNew, true)
    assert.ok(bytes < 100_000_000, `${bytes} bytes`)
    assert.deepEqual((await readdir(dir)).toSorted(), ['package'])
  })
})

const hubOf = (message: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(message)?.[0] ?? ''
