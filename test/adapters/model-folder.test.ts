import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isUnchanged, readModelFolder } from '../../adapters/local/model-folder.ts'
import { pool } from '../../adapters/local/pool.ts'

async function folder(t: { after(close: () => unknown): void }, files: Readonly<Record<string, string | object>>) {
  const dir = await mkdtemp(join(tmpdir(), 'expertsmith-model-'))
  t.after(() => rm(dir, { recursive: true }))
  await mkdir(join(dir, 'onnx'))
  const all = { 'config.json': {}, 'tokenizer.json': {}, 'tokenizer_config.json': {}, 'onnx/model.onnx': 'm', ...files }
  for (const [file, content] of Object.entries(all))
    await writeFile(join(dir, file), typeof content === 'string' ? content : JSON.stringify(content))
  return dir
}

test('a model takes as many tokens as its positions and its tokenizer allow', async (t) => {
  const limit = async (config: object, tokenizer: object) => {
    const files = { 'config.json': { hidden_size: 8, ...config }, 'tokenizer_config.json': tokenizer }
    return (await readModelFolder(await folder(t, files))).maxTokens
  }
  assert.equal(await limit({ max_position_embeddings: 512 }, { model_max_length: 128 }), 128)
  assert.equal(await limit({ max_position_embeddings: 512 }, { model_max_length: 1e30 }), 512)
  assert.equal(await limit({}, {}), 512)
  const roberta = { model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 }
  assert.equal(await limit(roberta, {}), 512)
})

test('a folder is unchanged as long as it has the same model, be its files others', async (t) => {
  const dir = await folder(t, { 'config.json': { hidden_size: 8 } })
  const read = await readModelFolder(dir)
  assert.equal(await isUnchanged(read), true)
  await rm(join(dir, 'onnx/model.onnx'))
  await writeFile(join(dir, 'onnx/model.onnx'), 'm')
  assert.equal(await isUnchanged(read), true)
  await writeFile(join(dir, 'onnx/model.onnx'), 'n')
  assert.equal(await isUnchanged(read), false)
})

test('what is no number makes no vector', () => {
  for (const damaged of [Number.NaN, Number.POSITIVE_INFINITY, 0])
    assert.throws(() => pool({ dims: [1, 1, 2], data: new Float32Array([damaged, 0]) }, 'mean'), /gives no numbers/)
  assert.deepEqual([...pool({ dims: [1, 2, 2], data: new Float32Array([1, 0, 5, 0]) }, 'last_token')], [1, 0])
})
