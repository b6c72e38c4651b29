import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { expertsmith } from '../support/expertsmith.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

let world: World
before(async () => {
  world = await startWorld({ workers: false })
  await world.app.listen({ host: '127.0.0.1', port: 0 })
})
after(() => world.close())

test('expertsmith keys makes a key, shows it once, lists it, and revokes it', async () => {
  const { port } = world.app.server.address() as AddressInfo
  const keys = (args: readonly string[], key = '') =>
    expertsmith({ ...world, env: { API_URL: `http://127.0.0.1:${port}`, API_KEY: key } }, 'keys', ...args)

  const none = await keys(['list'])
  assert.equal(none.stdout, 'There are no keys: everybody on the machine of the API may do everything.\n', none.stderr)
  const refused = await keys(['create', '--name', 'first'])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /FIRST_KEY_NEEDS_ADMIN/)

  const hasty = await keys(['create', '--name', 'first', '--expires', '90'])
  assert.deepEqual([hasty.code, hasty.stdout], [2, ''])
  assert.match(hasty.stderr, /--expires <duration>.+'90'.+with its unit, such as 90d/)

  const first = await keys(['create', '--name', 'first', '--scopes', 'read', 'admin', '--expires', '90d'])
  assert.match(first.stdout, /^esk_[\w-]{43}\n$/)
  const key = first.stdout.trim()
  const listed = await keys(['list'], key)
  assert.match(
    listed.stdout,
    new RegExp(`^${key.slice(0, 12)}…  first  read\\+admin  user \\S+  expires \\S+  used \\S+\n$`),
  )
  assert.ok(!listed.stdout.includes(key))
  assert.match((await keys(['list'])).stderr, /UNAUTHENTICATED/)

  const others = await Promise.all(['a', 'b'].map((name) => keys(['create', '--name', name], key)))
  const [one = '', other = ''] = others.map(({ stdout }) => stdout.slice(0, 12))
  const revoked = await keys(['revoke', one], key)
  assert.equal(revoked.stdout, `Revoked ${one}… (a)\n`)

  const itself = await keys(['revoke', key.slice(0, 12), other, '--json'], key)
  assert.equal(itself.code, 3, itself.stderr)
  const outcome = JSON.parse(itself.stdout)
  assert.deepEqual([outcome.revoked[0].name, outcome.failed[0].name], ['first', 'b'])
  assert.equal(outcome.failed[0].code, 'UNAUTHENTICATED')
  assert.match((await keys(['list'], key)).stderr, /UNAUTHENTICATED/)
})
