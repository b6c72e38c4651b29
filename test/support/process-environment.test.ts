import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Environment, WorkerConfig } from '../../config.ts'
import { INSTALLATIONS } from '../../domain/keys.ts'
import { DEVELOPERS_SERVICES } from './developers-services.ts'
import { expertsmith } from './expertsmith.ts'
import { processEnvironment } from './process-environment.ts'
import { WorkerProcess, workerEnvironment } from './worker-process.ts'
import { startWorld } from './world.ts'

const ROOT = join(import.meta.dirname, '../..')
const OWN = { DATABASE_URL: 'postgres://127.0.0.1:5432/own', TEMPORAL_TASK_QUEUE: 'own', DATA_DIR: '/own' }

describe('a program that a test starts, where a developer has set services of their own', () => {
  before(() => Object.assign(process.env, DEVELOPERS_SERVICES))
  after(() => {
    for (const name of Object.keys(DEVELOPERS_SERVICES)) delete process.env[name]
  })

  test('is configured by the test alone, not by the environment, nor by .env', async (t) => {
    const project = await mkdtemp(join(tmpdir(), 'expertsmith-env-'))
    t.after(() => rm(project, { recursive: true }))
    for (const path of ['config.ts', 'config', 'adapters/local'])
      await cp(join(ROOT, path), join(project, path), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'))
    const lines = Object.entries(DEVELOPERS_SERVICES).map(([name, value]) => `${name}=${value}\n`)
    await writeFile(join(project, '.env'), lines)

    const open = [
      await configuredBy(project, { ...process.env, ...OWN }),
      await configuredBy(project, { PATH: process.env.PATH, ...OWN }),
    ]
    for (const { objects, vectors, embeddings } of open)
      assert.deepEqual(
        [objects.kind, vectors.kind, embeddings.provider],
        ['s3', 'pinecone', 'openai'],
        'else nothing is shown',
      )

    const config = await configuredBy(project, processEnvironment(OWN))
    const { objects, vectors, embeddings, database, temporal, chunking } = config
    assert.deepEqual(objects, { kind: 'disk', dir: '/own/objects' })
    assert.deepEqual(vectors, { kind: 'lancedb', dir: '/own/vectors' })
    assert.deepEqual([embeddings.provider, embeddings.openai], ['hashing', undefined])
    assert.equal(database.url, OWN.DATABASE_URL)
    assert.deepEqual([temporal.namespace, temporal.taskQueue], ['default', 'own'])
    assert.deepEqual(chunking, { maxTokens: 400, overlapTokens: 80 })
    assert.doesNotMatch(JSON.stringify(config), /precious|:9\b/)
  })

  test('keeps house where the test has told it to', async (t) => {
    const world = await startWorld({ workers: false })
    t.after(() => world.close())
    const worker = await WorkerProcess.start(workerEnvironment(world))
    t.after(() => worker.kill())
    const { code, stdout, stderr } = await expertsmith(world, 'housekeeping', '--json')
    assert.equal(code, 0, stdout + stderr)
    const marks = await Array.fromAsync(world.objects.list(INSTALLATIONS))
    assert.equal(marks.length, 1, 'the worker has marked the store of the test as its own')
  })
})

test('every test and benchmark that starts a program of ours gives it such an environment', async () => {
  const starters: string[] = []
  for (const folder of ['test', 'bench'])
    for (const path of await readdir(join(ROOT, folder), { recursive: true })) {
      if (!path.endsWith('.ts') || path === 'support/process-environment.test.ts') continue
      const source = await readFile(join(ROOT, folder, path), 'utf8')
      if (!/\b(spawn|fork|execFile)\(/.test(source) || !/\bmain\.ts['`]/.test(source)) continue
      starters.push(path)
      assert.match(source, /\benv: processEnvironment\(|\bconst env = processEnvironment\(/, path)
      assert.doesNotMatch(source, /\.\.\.process\.env\b/, path)
    }
  assert.ok(starters.length > 0)
})

/** What a worker of that project would be configured with. */
async function configuredBy(project: string, env: Environment): Promise<WorkerConfig> {
  const print = `import { loadWorkerConfig } from './config.ts'; console.log(JSON.stringify(loadWorkerConfig()))`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', print], { cwd: project, env })
  return JSON.parse(stdout)
}
