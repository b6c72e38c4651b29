import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ApiClient } from '../../cli/api/api-client.ts'
import { ExpertsmithCommand } from '../support/expertsmith.ts'
import { freePort } from '../support/free-port.ts'
import { eventually, Requests } from '../support/requests.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const LIMIT = 50_000
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

describe('expertsmith, with an API', () => {
  let world: World
  let requests: Requests
  let apiUrl: string
  let dir: string

  before(async () => {
    world = await startWorld({ maxUploadBytes: LIMIT })
    requests = new Requests(world.app)
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    apiUrl = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`
    dir = await mkdtemp(join(tmpdir(), 'expertsmith-cli-'))
  })
  after(async () => {
    await world.close()
    await rm(dir, { recursive: true })
  })

  const run = (...args: string[]) => new ExpertsmithCommand({ ...world, apiUrl }, ...args).result
  const withInput = (input: string, ...args: string[]) =>
    new ExpertsmithCommand({ ...world, apiUrl, input }, ...args).result
  const countFiles = async () => Number((await world.database.pool.query('select count(*) from files')).rows[0].count)

  /** 40 files of which two are too large and one is no PDF; beside them what is left out. */
  async function folder(): Promise<string> {
    const path = join(dir, 'docs')
    await mkdir(join(path, 'b-more'), { recursive: true })
    const names = Array.from({ length: 37 }, (_, i) => (i % 2 ? `note-${i}.txt` : join('b-more', `note-${i}.txt`)))
    for (const name of names)
      await writeFile(join(path, name), `The ${name} says that pump ${basename(name)} runs slowly.`)
    await writeFile(join(path, 'broken.pdf'), '%PDF-1.7\nnothing of the kind')
    for (const name of ['large-1.txt', 'large-2.txt']) await writeFile(join(path, name), 'x'.repeat(LIMIT + 1))
    await writeFile(join(path, '.hidden'), 'not asked for')
    await symlink('/etc/hostname', join(path, 'link.txt'))
    return path
  }

  test('uploads a folder past files that are refused, and an expert is made of the ids that are piped on', async () => {
    const path = await folder()
    const uploaded = await run('upload', path, join(dir, 'missing.pdf'))
    assert.equal(uploaded.code, 3, uploaded.stderr)
    const rows = uploaded.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'))
    assert.equal(rows.length, 38)
    assert.ok(rows.every(([id = '', name]) => UUID.test(id) && name?.startsWith(path)))
    assert.ok(!uploaded.stdout.includes('.hidden') && !uploaded.stdout.includes('link.txt'))
    assert.match(uploaded.stderr, /^Left out 1 symbolic link;/m)
    assert.match(uploaded.stderr, /✘ .*missing\.pdf: NO_SUCH_FILE\. There is no such file/)
    assert.match(uploaded.stderr, /✘ 2 files: UPLOAD_TOO_LARGE\. .+\n +\S+large-[12]\.txt\n +\S+large-[12]\.txt\n/)
    assert.equal(await countFiles(), 38)

    const created = await withInput(
      uploaded.stdout,
      'create',
      '--name',
      'Pumps',
      '--prompt',
      'You know pumps.',
      '--watch',
    )
    assert.equal(created.code, 3, created.stderr)
    assert.match(created.stdout.trim(), UUID)
    assert.match(created.stderr, /^partially_ready\n37 of 38 files indexed, 1 failed\n/m)
    assert.match(created.stderr, /✘ broken\.pdf \(extract\): CORRUPT\. /)
  })

  test('watches a run to its end, and says by its exit code how it ended', async () => {
    const files = [await requests.upload('a.txt', 'Pumps run slowly.'), await requests.upload('b.pdf', '%PDF-1.7 no')]
    const { id } = await requests.createExpert(files, 'Watched')
    const watched = await run('status', 'Watched', '--watch')
    assert.equal(watched.code, 3, watched.stderr)
    assert.match(watched.stdout, new RegExp(`^Watched  ${id}\npartially_ready\n1 of 2 files indexed, 1 failed\n`))

    const retried = await run('retry', id, '--watch', '--json')
    assert.equal(retried.code, 3, retried.stderr)
    assert.equal(JSON.parse(retried.stdout).failed_files[0].code, 'CORRUPT')
    const looked = await run('status', id)
    assert.equal(looked.code, 0)
    assert.match(looked.stdout, /✘ b\.pdf \(extract\): CORRUPT/)
  })

  test('makes nothing twice where the connection is cut, before the answer or in the middle of the file', async () => {
    const proxy = new TcpProxy(apiUrl)
    const api = new ApiClient({ url: (await proxy.listen()).replace(/\/$/, '') })
    await api.checkAccess()
    const path = join(dir, 'cut.txt')
    await writeFile(path, 'x'.repeat(LIMIT))

    const before = await countFiles()
    proxy.cut()
    proxy.holdAnswers()
    const answered = api.files.upload(path)
    await eventually(async () => assert.equal(await countFiles(), before + 1))
    proxy.cut()
    const { id } = await answered
    assert.equal(await countFiles(), before + 1)
    assert.equal((await requests.send('GET', `/knowledge-base/files/${id}`)).status, 200)

    let cuts = 0
    await api.files.upload(path, { onBytes: () => cuts++ === 0 && proxy.cut() })
    assert.ok(cuts > 1)
    assert.equal(await countFiles(), before + 2)
    await proxy.close()
  })

  test('takes names where they are unique, and lists the candidates where they are not', async () => {
    const file = await requests.upload('c.txt', 'The keel is 4.2 metres deep.')
    const twins = [await requests.createExpert([file], 'Twin'), await requests.createExpert([file], 'Twin')]
    const single = await requests.createExpert([file], 'Single one')
    await requests.until(single.id, 'ready')
    const [ambiguous, unknown, found] = await Promise.all([
      run('status', 'Twin'),
      run('status', 'Triplet'),
      run('search', 'Single one', 'how', 'deep', 'is', 'the', 'keel', '--top-k', '1'),
    ])
    assert.equal(ambiguous.code, 1)
    for (const { id } of twins) assert.ok(ambiguous.stderr.includes(id))
    assert.match(unknown.stderr, /There is no expert named "Triplet"/)
    assert.match(found.stdout, /^c\.txt › page 1 {2}\d\.\d{3}\n {3}The keel is 4\.2 metres deep\.\n/)
  })

  test('re-indexes an expert: tells what it will take, shows how far it is, and rolls it back', async () => {
    const files = [
      await requests.upload('f.txt', 'Fog horns are loud.'),
      await requests.upload('g.txt', 'Gulls are too.'),
    ]
    const { id } = await requests.createExpert(files, 'Loud')
    await requests.until(id, 'ready')
    const shorter = ['reindex', 'Loud', '--embeddings', 'hashing', '--dimensions', '64']
    const estimated = await run(...shorter, '--dry-run')
    assert.match(estimated.stdout, /^Estimated: 2 files, \d+ tokens by hashing-v1 .+\.\n$/)
    assert.match((await run('reindex', 'Loud', '--status')).stderr, /^✘ REINDEX_NOT_FOUND: /)

    const watched = await run(...shorter, '--watch')
    assert.equal(watched.code, 0, watched.stderr)
    assert.match(watched.stderr, /^Estimated: 2 files/)
    assert.match(
      watched.stdout,
      /^switched\n2 of 2 files built, \d+ tokens embedded, 0 reused\nFrom hashing-v1 \(256\) to hashing-v1 \(64\)\n/,
    )
    const [again, both, about, status] = await Promise.all([
      run(...shorter),
      run('reindex', id, '--pause', '--resume'),
      run('reindex', id, '--finish', '--chunk-tokens', '100'),
      run('status', id),
    ])
    assert.deepEqual([again.code, both.code, about.code, status.code], [1, 2, 2, 0])
    assert.match(again.stderr, /✘ REINDEX_UNDER_WAY: /)
    assert.match(both.stderr, /^✘ One at a time: --pause, --resume\./)
    assert.match(about.stderr, /^✘ --finish is about a re-index that was begun/)
    assert.match(status.stdout, /^Re-index: switched, 2 of 2 files built/m)
    const rolled = await run('reindex', id, '--rollback', '--json')
    assert.equal(JSON.parse(rolled.stdout).expert_id, id)
    await eventually(async () => assert.equal((await requests.expert(id)).embeddings.dimensions, 256))
  })

  test('prints nothing of a name that would command the terminal', async () => {
    const evil = '\u001b[2Jevil\u202e'
    const file = await requests.upload(`${evil}.pdf`, '%PDF-1.7 no')
    const { id } = await requests.createExpert([file], evil)
    await requests.until(id, 'failed')
    const told = await Promise.all([run('status'), run('status', evil), run('files'), run('status', `${evil}!`)])
    for (const { stdout, stderr } of told) {
      assert.match(stdout + stderr, /\[2Jevil/)
      for (const command of ['\u001b', '\u202e']) assert.ok(!(stdout + stderr).includes(command), stdout + stderr)
    }
  })

  test('deletes only what is meant, and says what is in use', async () => {
    const file = await requests.upload('d.txt', 'Anchors hold.')
    const { id } = await requests.createExpert([file], 'Doomed')
    await requests.until(id, 'ready')
    const unasked = await run('delete', 'expert', 'Doomed')
    assert.equal(unasked.code, 2)
    assert.match(unasked.stderr, /--yes/)
    const used = await run('delete', 'file', '--yes', file.id)
    assert.equal(used.code, 1)
    assert.match(used.stderr, /FILE_IN_USE.*"Doomed"/)

    const expert = await run('delete', 'expert', 'Doomed', '--yes')
    assert.match(expert.stdout, /^Deleting Doomed\. Watch it: http/)
    await eventually(async () => assert.equal((await requests.send('GET', `/experts/${id}`)).status, 404))
    const gone = await run('delete', 'file', file.id, '00000000-0000-4000-8000-000000000009', '--yes')
    assert.equal(gone.code, 3)
    assert.equal(gone.stdout, 'Deleted d.txt.\n')
  })

  test('prints one JSON document with --json, whatever the command', async () => {
    const path = join(dir, 'e.txt')
    await writeFile(path, 'Winches need grease.')
    const uploaded = await run('upload', path, '--json')
    const [file] = JSON.parse(uploaded.stdout).files
    assert.equal(file.path, path)
    const expert = ['--name', 'Winches', '--prompt', 'You know winches.', '--file', file.id]
    const created = JSON.parse((await run('create', ...expert, '--watch', '--json')).stdout)
    assert.deepEqual([created.status, created.failed_files], ['ready', []])
    const commands: Readonly<Record<string, string[]>> = {
      'an array of files': ['files'],
      'an array of experts': ['status'],
      'an expert': ['status', created.id],
      'the expert that is retried': ['retry', created.id],
      'an array of results': ['search', created.id, 'grease'],
      'an array of keys': ['keys', 'list'],
      'the receipt of housekeeping': [
        'housekeeping',
        '--dry-run',
        '--only',
        'remove-objects,abort-uploads',
        'remove-vectors',
      ],
      'the receipt of a migration': ['migrate-content', '--drop-column'],
    }
    const answers = new Map<string, Record<string, unknown> & { length?: number }>()
    await Promise.all(
      Object.entries(commands).map(async ([what, args]) => {
        const { code, stdout, stderr } = await run(...args, '--json')
        assert.equal(code, 0, `${args}: ${stderr}`)
        answers.set(what, JSON.parse(stdout))
      }),
    )
    assert.deepEqual(answers.get('an expert')?.failed_files, [])
    assert.equal(answers.get('an array of results')?.length, 1)
    assert.deepEqual(Object.keys(answers.get('the receipt of housekeeping') ?? {}), ['dry_run', 'chores'])
    assert.equal(answers.get('the receipt of a migration')?.column, false)

    const deleted = JSON.parse((await run('delete', 'expert', created.id, '--yes', '--json')).stdout)
    assert.equal(deleted.deleted[0].id, created.id)
    const { stdout } = await run('delete', 'file', file.id, '--cascade', '--yes', '--json')
    assert.match(JSON.parse(stdout).deleted[0].workflow_id, /file/)
  })

  test('says in a sentence what is wrong with the address, the key and the arguments', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const [lost, wrong, address, bare, empty, deaf, version] = await Promise.all([
      run('status', '--url', nowhere),
      run('uplaod'),
      run('--url', 'nonsense', 'status'),
      run('create', '--name', 'x', '--file', 'y'),
      withInput('', 'create', '--name', 'x', '--prompt', 'y'),
      run('--url', nowhere, 'housekeeping'),
      run('--version'),
    ])
    assert.deepEqual([lost.code, wrong.code, address.code, bare.code], [1, 2, 2, 2])
    assert.deepEqual([empty.code, deaf.code, version.code], [2, 2, 0])
    assert.match(empty.stderr, /^✘ There is no file to create an expert from\./)
    assert.match(deaf.stderr, /^✘ expertsmith housekeeping does not ask the API, so --url means nothing to it\./)
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
    assert.match(lost.stderr, new RegExp(`^✘ The API does not answer at ${nowhere} .*npm start.*API_URL`))
    assert.match(wrong.stderr, /unknown command 'uplaod'\n\(Did you mean upload\?\)/)
    assert.match(address.stderr, /--url <address>.*nonsense.*such as http:/)
    assert.match(bare.stderr, /^✘ An expert needs a system prompt: --prompt <text>/)
    for (const { stdout, stderr } of [lost, wrong, address, bare])
      assert.ok(!stdout && !/\n {4}at /.test(stderr), stderr)

    const made = await run('keys', 'create', '--name', 'first', '--scopes', 'read,write', 'admin', '--json')
    assert.match(JSON.parse(made.stdout).key, /^esk_/)
    const refused = await run('upload', join(dir, 'e.txt'))
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /^✘ UNAUTHENTICATED: .*API_KEY is not set/)
  })
})
