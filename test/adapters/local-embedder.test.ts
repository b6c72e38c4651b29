import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { loadTokenizers } from '../../adapters/local/transformers.ts'
import { LocalEmbedder } from '../../adapters/local-embedder.ts'
import { chunkPages } from '../../domain/chunking.ts'
import type { Failure } from '../../domain/failure.ts'
import { FAILURES } from '../../domain/failure.ts'
import { anyText } from '../support/any-text.ts'
import { installedPackage, modelMissing, modelPath } from '../support/local-model.ts'

const WORD = 'tide'
const PROGRAM = join(import.meta.dirname, '../support/embedding-process.ts')
const sentence = (i: number) => `The tide gauge at pier ${i} is read ${(i % 7) + 1} times a day, also in winter.`

describe('local embedder', { skip: modelMissing }, () => {
  let packageDir: string
  let embedder: LocalEmbedder
  const open = (threads: number, path = modelPath) => LocalEmbedder.open({ modelPath: path, packageDir, threads })

  before(async () => {
    packageDir = await installedPackage()
    embedder = await open(2)
  })
  after(() => embedder?.close())

  test('tells its model by the content of its files, its dimensions and its limit', () => {
    assert.match(embedder.model, /^all-MiniLM-L6-v2@[0-9a-f]{8}$/)
    assert.deepEqual([embedder.dimensions, embedder.isSemantic, embedder.limits.tokensPerInput], [384, true, 510])
  })

  test('gives vectors of length 1, in the order of the texts', async () => {
    const texts = ['The tide gauge', 'Zwölf Boxkämpfer jagen Viktor', '漢字かな交じり文', '…!?', 'x'.repeat(500)]
    const vectors = await embedder.embed(texts)
    assert.equal(vectors.length, texts.length)
    for (const vector of vectors) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4)
    const backwards = await embedder.embed(texts.toReversed())
    assert.deepEqual(backwards.toReversed(), vectors)
    assert.deepEqual(await embedder.embed([]), [])
  })

  test('finds what means the same in other words', async () => {
    const [question, near, ...far] = await embedder.embed([
      'How do I get my money back?',
      'Refunds are paid within two weeks of the return of the goods.',
      'The blanking distance of the transducer is 0.45 metres.',
      'My favourite colour is blue.',
    ])
    for (const other of far) assert.ok(similarity(question, near) > similarity(question, other) + 0.1)
  })

  test('gives a text the very same vector alone and among others, whatever their length', async () => {
    const texts = Array.from({ length: 40 }, (_, i) =>
      Array(1 + (i % 13))
        .fill(sentence(i))
        .join(' '),
    )
    const together = await embedder.embed(texts)
    for (const i of [0, 12, 25, 39]) assert.deepEqual((await embedder.embed([texts[i] ?? '']))[0], together[i])
    const single = await open(1)
    assert.deepEqual(await single.embed(texts.slice(0, 5)), together.slice(0, 5))
    await single.close()
  })

  test('refuses a text that is too long, and says by how much', async () => {
    const [longest] = await embedder.embed([Array(510).fill(WORD).join(' ')])
    assert.equal(longest?.length, 384)
    await assert.rejects(embedder.embed(['fits', Array(511).fill(WORD).join(' ')]), (error: Failure) => {
      assert.equal(error.code, 'EMBEDDING_REJECTED')
      assert.match(error.message, /a text has 511 tokens, and all-MiniLM-L6-v2@\w+ takes 510/)
      return true
    })
  })

  test("counts tokens as the model's own tokenizer does, whatever the text", () => {
    const { Tokenizer } = loadTokenizers(packageDir)
    const read = (file: string) => JSON.parse(readFileSync(join(modelPath, file), 'utf8'))
    const own = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
    const count = (text: string) => own.encode(text, { add_special_tokens: false }).ids.length
    for (const text of [
      '',
      ' ',
      'a\u000cb\u00adc\ufeffd',
      'x [SEP] y[MASK]z',
      'ΣΑΣ ΣΑΣ',
      '12.5 % – »ja«',
      '漢字 かな',
      'é e\u0301 \u0301',
    ])
      assert.equal(embedder.countTokens(text), count(text), JSON.stringify(text))
    fc.assert(
      fc.property(anyText, (text) => embedder.countTokens(text) === count(text)),
      { numRuns: 300 },
    )
  })

  test('takes every chunk that the chunker makes for it', async () => {
    const page = { number: 1, text: Array.from({ length: 200 }, (_, i) => sentence(i)).join(' ') }
    const chunking = { maxTokens: embedder.limits.tokensPerInput, overlapTokens: 0, countTokens: embedder.countTokens }
    const chunks = [...chunkPages([page], chunking)]
    assert.ok(chunks.length > 3)
    assert.equal((await embedder.embed(chunks.map((chunk) => chunk.text))).length, chunks.length)
  })

  test('ends a call soon after its signal, and goes on with those of others, which take turns', async () => {
    const long = Array.from({ length: 400 }, (_, i) => Array(10).fill(sentence(i)).join(' '))
    const controller = new AbortController()
    const cancelled = embedder.embed(long, controller)
    const behind = embedder.embed(long.slice(0, 30))
    // Answered while hundreds of texts, asked for before, wait.
    await embedder.embed(['How deep is the harbour?'])
    controller.abort(new Error('enough'))
    const first = await Promise.race([cancelled.catch(() => 'cancelled'), behind.then(() => 'behind')])
    assert.equal(first, 'cancelled')
    await assert.rejects(cancelled, /enough/)
    assert.equal((await behind).length, 30)
    await assert.rejects(embedder.embed(['late'], controller), /enough/)
  })

  test('keeps the event loop free while it embeds', async () => {
    const before = performance.eventLoopUtilization()
    await embedder.embed(Array.from({ length: 60 }, (_, i) => Array(8).fill(sentence(i)).join(' ')))
    const { utilization } = performance.eventLoopUtilization(before)
    assert.ok(utilization < 0.5, `busy for ${utilization} of the time`)
  })

  test('a thread that dies fails its call only, as something to be tried again, and is replaced', async (t) => {
    const mortal = await LocalEmbedder.open({ modelPath, packageDir: await deadlyPackage(t, packageDir), threads: 1 })
    t.after(() => mortal.close())
    const dying = mortal.embed([sentence(1), 'poison', ...Array.from({ length: 100 }, (_, i) => sentence(i))])
    const waiting = mortal.embed(['The harbour is deep.'])
    await assert.rejects(dying, (error: Failure) => {
      assert.equal(error.code, 'EMBEDDING_UNAVAILABLE')
      assert.match(error.message, /the thread that embedded it died/)
      return FAILURES[error.code].retryable
    })
    assert.equal((await waiting).length, 1)
  })

  test('closing fails what is under way, and starts nothing more', async () => {
    const closing = await open(2)
    const calls = [0, 1, 2].map(() => closing.embed(Array.from({ length: 50 }, (_, i) => sentence(i))))
    const [results] = await Promise.all([Promise.allSettled(calls), closing.close()])
    for (const result of results)
      assert.equal(result.status === 'rejected' && (result.reason as Failure).code, 'EMBEDDING_UNAVAILABLE')
    await assert.rejects(closing.embed(['late']), ({ code }: Failure) => code === 'EMBEDDING_UNAVAILABLE')
    await closing.close()
  })

  for (const manner of ['rest', 'close', 'exit'])
    test(`a process that embeds ends cleanly: ${manner}`, async () => {
      const child = fork(PROGRAM, [modelPath, packageDir, manner], { stdio: 'pipe' })
      const said = text(child.stderr ?? process.stdin)
      const ended = once(child, 'exit')
      await once(child, 'message')
      if (manner !== 'rest') child.kill('SIGTERM')
      assert.deepEqual(await ended, [0, null])
      assert.equal(await said, '')
    })

  test('says what is missing, and how to mend it', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-model-'))
    t.after(() => rm(dir, { recursive: true }))
    await assert.rejects(
      LocalEmbedder.open({ modelPath, packageDir: dir, threads: 1 }),
      /is not installed in .* Run npm run setup:local\./,
    )
    await assert.rejects(open(1, dir), /cannot be used: there is no config\.json in .* Run npm run setup:local\./)
    const broken = join(dir, 'broken')
    await cp(modelPath, broken, { recursive: true })
    await chmod(broken, 0o755)
    await rm(join(broken, 'onnx'), { recursive: true })
    await assert.rejects(open(1, broken), /no onnx\/model_quantized\.onnx or onnx\/model\.onnx/)
    await mkdir(join(broken, 'onnx'))
    await writeFile(join(broken, 'onnx/model_quantized.onnx'), 'no model')
    await assert.rejects(open(1, broken), /The model in .*broken cannot be loaded: .* Run npm run setup:local\./)
  })

  test('pools as the model says, and refuses what it does not know', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'expertsmith-model-'))
    t.after(() => rm(dir, { recursive: true }))
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx'])
      await symlink(join(modelPath, file), join(dir, file))
    await mkdir(join(dir, '1_Pooling'))
    const pooling = (modes: object) => writeFile(join(dir, '1_Pooling/config.json'), JSON.stringify(modes))
    await pooling({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false })
    const cls = await open(1, dir)
    t.after(() => cls.close())
    const [[ofCls], [ofMean]] = await Promise.all([cls.embed([sentence(1)]), embedder.embed([sentence(1)])])
    assert.ok(similarity(ofCls, ofMean) < 0.99)
    assert.notEqual(cls.model.split('@')[1], embedder.model.split('@')[1])
    await pooling({ pooling_mode_max_tokens: true })
    await assert.rejects(open(1, dir), /asks for a pooling by max_tokens; only mean_tokens, cls_token, lasttoken/)
  })
})

function similarity(a: Float32Array | undefined, b: Float32Array | undefined): number {
  assert.ok(a && b)
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

/** The package, but its threads die of one word. */
async function deadlyPackage(t: TestContext, packageDir: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-package-'))
  t.after(() => rm(dir, { recursive: true }))
  const modules = join(dir, 'node_modules/@huggingface')
  const real = join(packageDir, 'node_modules/@huggingface')
  await mkdir(join(modules, 'transformers'), { recursive: true })
  await symlink(join(real, 'tokenizers'), join(modules, 'tokenizers'))
  await writeFile(join(modules, 'transformers/package.json'), '{"main":"index.js"}')
  await writeFile(
    join(modules, 'transformers/index.js'),
    `const real = require(${JSON.stringify(join(real, 'transformers'))})
     const from_pretrained = async (path) => {
       const toInputs = await real.AutoTokenizer.from_pretrained(path)
       return (text) => (text === 'poison' ? process.exit(1) : toInputs(text))
     }
     module.exports = { ...real, AutoTokenizer: { from_pretrained } }`,
  )
  return dir
}
