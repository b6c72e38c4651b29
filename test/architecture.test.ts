import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ICruiseResult, IForbiddenRuleType } from 'dependency-cruiser'
import { cruise } from 'dependency-cruiser'
import configuration from '../.dependency-cruiser.mjs'

const ROOT = join(import.meta.dirname, '..')

/** For each rule a small tree that breaks it: path → source. */
const VIOLATIONS: Record<string, Record<string, string>> = {
  'no-circular': { 'domain/a.ts': "import './b.ts'", 'domain/b.ts': "import './a.ts'" },
  'no-orphans': { 'domain/alone.ts': 'export const alone = 1' },
  'domain-imports-nothing': { 'domain/a.ts': "import 'pg'" },
  'workflows-are-deterministic': { 'workflows/a.ts': "import '../activities/b.ts'", 'activities/b.ts': '' },
  'activities-know-no-vendor': { 'activities/a.ts': "import 'pg'" },
  'activities-import-the-contract-only': { 'activities/a.ts': "import '../workflows/b.ts'", 'workflows/b.ts': '' },
  'adapters-serve-the-domain': { 'adapters/a.ts': "import '../api/b.ts'", 'api/b.ts': '' },
  'adapters-take-options': { 'adapters/a.ts': "import '../config.ts'", 'config.ts': '' },
  'api-imports-the-contract-only': { 'api/a.ts': "import '../workflows/b.ts'", 'workflows/b.ts': '' },
  'only-main-composes': { 'api/a.ts': "import '../adapters/b.ts'", 'adapters/b.ts': '' },
  'worker-stands-alone': { 'worker/a.ts': "import '../api/b.ts'", 'api/b.ts': '' },
  'stack-starts-processes': { 'stack/a.ts': "import '../api/b.ts'", 'api/b.ts': '' },
  'cli-speaks-http': { 'cli/a.ts': "import '../adapters/b.ts'", 'adapters/b.ts': '' },
  'nothing-imports-tests': { 'api/a.ts': "import '../test/b.ts'", 'test/b.ts': '' },
  resolvable: { 'domain/a.ts': "import './missing.ts'" },
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

  for (const [rule, files] of Object.entries(VIOLATIONS))
    test(`bite: ${rule}`, async () => {
      const tree = join(dir, rule)
      for (const [path, source] of Object.entries(files)) {
        await mkdir(dirname(join(tree, path)), { recursive: true })
        await writeFile(join(tree, path), source)
      }
      await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
      const broken = await brokenRules(tree)
      assert.ok(broken.includes(rule), `broken: ${broken}`)
    })
})

async function brokenRules(tree: string): Promise<string[]> {
  const { tsConfig: _, ...options } = configuration.options ?? {}
  const { forbidden = [] } = configuration
  const entries = (await readdir(tree)).filter((name) => name !== 'node_modules')
  const { output } = await cruise(entries, { ...options, baseDir: tree, validate: true, ruleSet: { forbidden } })
  return (output as ICruiseResult).summary.violations.map((violation) => violation.rule.name)
}

test('only config.ts reads the environment, but for the PATH that programs are found by', async () => {
  const files = (await readdir(ROOT, { recursive: true })).filter(
    (path) => path.endsWith('.ts') && !/^(node_modules|test|\.data)\//.test(path),
  )
  const readers: string[] = []
  for (const file of files)
    if (/process\.env(\.(?!PATH\b)\w|\[)/.test(await readFile(join(ROOT, file), 'utf8'))) readers.push(file)
  assert.deepEqual(readers, [])
})
