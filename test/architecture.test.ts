import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser'
import { cruise } from 'dependency-cruiser'
import configuration from '../.dependency-cruiser.mjs'

/** Path → source. Files that are imported but not listed are empty. */
type Tree = Readonly<Record<string, string>>

const ROOT = join(import.meta.dirname, '..')
const FOLDERS = [
  'config',
  'domain',
  'workflows',
  'activities',
  'adapters',
  'api',
  'worker',
  'stack',
  'cli',
  'examples',
  'bench',
]

const one = (from: string, to: string): Tree => ({ [from]: `import '${to}'` })
const typeOf = (from: string, to: string): Tree => ({ [from]: `import type { T } from '${to}'\nexport type U = T` })

/** For each rule small trees that break it. */
const VIOLATIONS: Readonly<Record<string, readonly Tree[]>> = {
  'no-circular': [{ 'domain/a.ts': "import './b.ts'", 'domain/b.ts': "import './a.ts'" }],
  'no-orphans': [{ 'domain/alone.ts': 'export const alone = 1' }],
  resolvable: [one('domain/a.ts', './missing.ts')],
  'domain-imports-nothing': [
    one('domain/a.ts', 'pg'),
    one('domain/a.ts', 'node:fs'),
    typeOf('domain/a.ts', '../config.ts'),
  ],
  'workflows-are-deterministic': [one('workflows/a.ts', '../activities/b.ts'), one('workflows/a.ts', 'node:fs')],
  'workflows-know-activities-only': [
    typeOf('workflows/a.ts', '../adapters/b.ts'),
    typeOf('workflows/a.ts', '@temporalio/client'),
  ],
  'activities-use-ports': [
    one('activities/a.ts', '../adapters/b.ts'),
    one('activities/a.ts', '../config.ts'),
    one('activities/a.ts', '../workflows/create-expert.ts'),
  ],
  'activities-know-no-vendor': [one('activities/a.ts', 'pg'), typeOf('activities/a.ts', 'openai')],
  'adapters-serve-the-domain': [
    one('adapters/a.ts', '../workflows/b.ts'),
    typeOf('adapters/a.ts', '../activities/b.ts'),
    one('adapters/a.ts', '../api/b.ts'),
  ],
  'adapters-take-options': [one('adapters/a.ts', '../config.ts')],
  'tracing-is-loaded-on-demand': [
    one('api/main.ts', '../adapters/opentelemetry/tracing.ts'),
    one('adapters/a.ts', '@opentelemetry/api'),
  ],
  'api-imports-the-contract-only': [
    one('api/a.ts', '../workflows/b.ts'),
    typeOf('api/main.ts', '../activities/b.ts'),
    one('api/main.ts', '../worker/b.ts'),
  ],
  'only-main-composes': [
    one('api/a.ts', '../adapters/b.ts'),
    one('worker/a.ts', '../adapters/b.ts'),
    one('api/a.ts', '../config.ts'),
  ],
  'api-knows-no-vendor': [one('api/a.ts', 'pg'), typeOf('api/a.ts', '@aws-sdk/client-s3')],
  'worker-knows-no-vendor': [one('worker/a.ts', 'openai')],
  'worker-stands-alone': [one('worker/a.ts', '../api/b.ts'), one('worker/main.ts', '../stack/b.ts')],
  'stack-starts-processes': [one('stack/a.ts', '../api/b.ts'), one('stack/a.ts', '../workflows/b.ts')],
  'cli-is-a-client': [one('cli/a.ts', '../adapters/b.ts'), one('cli/a.ts', '../workflows/create-expert.ts')],
  'operator-composes-adapters': [
    one('cli/operator/a.ts', '../../worker/b.ts'),
    typeOf('cli/operator/a.ts', '../../api/b.ts'),
  ],
  'cli-knows-no-vendor': [one('cli/a.ts', 'pg'), one('cli/a.ts', '@temporalio/worker')],
  'config-stands-alone': [
    one('config.ts', './domain/b.ts'),
    one('config/a.ts', '../domain/b.ts'),
    one('config/a.ts', '../config.ts'),
  ],
  'config-is-imported-whole': [
    one('api/main.ts', '../config/b.ts'),
    typeOf('adapters/a.ts', '../config/b.ts'),
    one('test/a.test.ts', '../config/b.ts'),
  ],
  'nothing-imports-tests': [one('api/a.ts', '../test/b.ts'), one('cli/a.ts', '../examples/b.ts')],
}

/** What the layers live by, so that a rule that forbids too much is found too. */
const ALLOWED: Tree = {
  'domain/keys.ts': "import 'node:crypto'",
  'workflows/contract.ts': "import '../domain/keys.ts'",
  'workflows/a.ts': `import '@temporalio/workflow'\nimport './contract.ts'\n${typeOf('a', '../activities/b.ts').a}`,
  'activities/b.ts': "import '../workflows/contract.ts'\nimport 'node:fs'\nimport '@temporalio/activity'",
  'config.ts': "import './config/api.ts'",
  'config/api.ts': "import './reader.ts'\nimport '@temporalio/envconfig'\nimport 'node:os'",
  'adapters/s3.ts': `import 'node:worker_threads'\nimport '@aws-sdk/client-s3'\n${typeOf('a', '../config.ts').a}`,
  'api/app.ts': "import 'fastify'\nimport '../workflows/contract.ts'",
  'api/main.ts': "import './app.ts'\nimport '../config.ts'\nimport '../adapters/s3.ts'\nimport 'pg'",
  'worker/main.ts':
    "import '../activities/b.ts'\nimport '../adapters/s3.ts'\nawait import('../adapters/opentelemetry/a.ts')",
  'cli/a.ts': `import '../config.ts'\nimport '../workflows/contract.ts'\nimport '@temporalio/client'\n${typeOf('a', '../api/app.ts').a}`,
  'cli/operator/a.ts': "import '../../config.ts'\nimport '../../adapters/s3.ts'",
  'test/a.test.ts': "import '../adapters/s3.ts'\nimport '../workflows/a.ts'",
}

describe('the rules of .dependency-cruiser.mjs', () => {
  let dir: string

  before(async () => {
    dir = await realpath(await mkdtemp(join(tmpdir(), 'expertsmith-rules-')))
  })
  after(() => rm(dir, { recursive: true }))

  test('are all tried here', () => {
    const names = (configuration.forbidden ?? []).map(({ name }: IForbiddenRuleType) => name)
    assert.deepEqual(Object.keys(VIOLATIONS).toSorted(), names.toSorted())
  })

  for (const [rule, trees] of Object.entries(VIOLATIONS))
    test(`bite: ${rule}`, async () => {
      for (const [i, tree] of trees.entries()) {
        const broken = await brokenRules(await plant(join(dir, `${rule}-${i}`), tree))
        assert.ok(broken.includes(rule), `${Object.values(tree)[0]} broke ${broken.join(', ') || 'nothing'}`)
      }
    })

  test('let through what the layers live by', async () => {
    assert.deepEqual(await brokenRules(await plant(join(dir, 'allowed'), ALLOWED)), [])
  })
})

async function plant(dir: string, tree: Tree): Promise<string> {
  for (const [path, source] of Object.entries({ ...importedBy(tree), ...tree })) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), source)
  }
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'))
  return dir
}

function importedBy(tree: Tree): Tree {
  const found = Object.entries(tree).flatMap(([path, source]) =>
    [...source.matchAll(/'(?<to>\.[^']+)'/g)].map(({ groups }) => join(dirname(path), groups?.to ?? '')),
  )
  return Object.fromEntries(found.filter((path) => !path.includes('missing')).map((path) => [path, '']))
}

async function brokenRules(dir: string): Promise<string[]> {
  const { tsConfig: _, ...options } = configuration.options ?? {}
  const { forbidden = [] } = configuration
  const entries = (await readdir(dir)).filter((name) => name !== 'node_modules')
  const { output } = await cruise(entries, { ...options, baseDir: dir, validate: true, ruleSet: { forbidden } })
  return (output as ICruiseResult).summary.violations.map((violation) => violation.rule.name)
}

/** Handed on whole to a process that is started; the PATH, by which programs are found; what is set for Lance, which asks nowhere else. */
const NOT_OUR_SETTINGS = /\.\.\.process\.env\b|process\.env\.PATH\b|process\.env\.LANCE_\w+ \?\?= /g

test('only config/reader.ts reads the environment', async () => {
  const readers: string[] = []
  for (const file of await sources()) {
    const source = (await readFile(join(ROOT, file), 'utf8')).replaceAll(NOT_OUR_SETTINGS, '')
    if (/\bprocess\.env\b|\bprocess\[|from '(node:)?process'/.test(source)) readers.push(file)
  }
  assert.deepEqual(readers, ['config/reader.ts'])
})

async function sources(): Promise<string[]> {
  const inFolders = FOLDERS.map(async (folder) => {
    const paths = await readdir(join(ROOT, folder), { recursive: true }).catch(() => [])
    // Packages of a benchmark that was run are not ours.
    return paths.filter((path) => !path.includes('node_modules')).map((path) => join(folder, path))
  })
  return ['config.ts', ...(await Promise.all(inFolders)).flat().filter((path) => path.endsWith('.ts'))]
}
