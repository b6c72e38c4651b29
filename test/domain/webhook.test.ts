import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pauseAfter, WEBHOOK_RETRIES } from '../../domain/webhook-retries.ts'
import { newCallbackSecret, webhookHeaders } from '../../domain/webhook-signature.ts'
import { loadVerify } from '../support/verify-webhook.ts'

test('webhooks are signed as the libraries of Standard Webhooks expect', () => {
  // What these libraries are tested with.
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const [id, body] = ['msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}']
  const headers = webhookHeaders(id, body, [secret], new Date(1_614_265_330_000))
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

test('the example in docs/webhooks.md verifies what any of the secrets has signed, and refuses what is forged or old', async () => {
  const verify = await loadVerify()
  const secrets = [newCallbackSecret(), newCallbackSecret()]
  const body = '{"name":"Lotsen–Wissen"}'
  const headers = webhookHeaders('id', body, secrets, new Date())
  for (const secret of secrets) assert.deepEqual(verify(body, headers, secret), { name: 'Lotsen–Wissen' })
  const [secret = ''] = secrets
  assert.throws(() => verify(body, headers, newCallbackSecret()), /not signed/)
  assert.throws(() => verify('{"name":"Forged"}', headers, secret), /not signed/)
  assert.throws(() => verify(body, { ...headers, 'webhook-id': 'other' }, secret), /not signed/)
  assert.throws(
    () => verify(body, webhookHeaders('id', body, secrets, new Date(Date.now() - 600_000)), secret),
    /too old/,
  )
})

test('a receiver is tried again soon, then ever less often; it may ask for longer pauses, but not for shorter ones', () => {
  assert.deepEqual(
    [1, 2, 3, 8, 9, 30].map((tries) => pauseAfter(tries) / 1_000),
    [1, 3, 9, 2_187, 3_600, 3_600],
  )
  assert.deepEqual([pauseAfter(3, 1), pauseAfter(3, 60_000), pauseAfter(1, 86_400_000)], [9_000, 60_000, 3_600_000])
  let [tries, waited] = [1, 0]
  while (waited + pauseAfter(tries) < WEBHOOK_RETRIES.togetherMs) waited += pauseAfter(tries++)
  assert.equal(tries, 32)
})
