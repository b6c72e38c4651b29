import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { recipeOf } from '../../adapters/from-config.ts'
import { PostgresTokenBudget } from '../../adapters/postgres-token-budget.ts'
import { PostgresUsageStore } from '../../adapters/postgres-usage-store.ts'
import { countTokens } from '../../adapters/tokenizer.ts'
import type { ExpectedRecipe } from '../../domain/estimate.ts'
import type { TokenBudget } from '../../domain/usage.ts'
import { extractionConfig } from '../support/extraction-config.ts'
import { Gate } from '../support/gate.ts'
import { startOpenAiServer } from '../support/openai-server.ts'
import { eventually, Requests } from '../support/requests.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

const ADMIN_KEY = 'an-admin-key-that-is-long-enough-for-it'
const MODEL = 'text-embedding-3-small'
const PRICE = 0.02
const CHAT_MODEL = 'gpt-5.4-mini'
const CHAT_PRICE = { prompt: 0.75, completion: 4.5 }
const MILLION = 1_000_000

type Used = { readonly used: number; readonly limit: number | null }
type UsageJson = {
  readonly files: Used
  readonly bytes: Used
  readonly tokens_today: Used & { readonly renews_at: string }
  readonly days: readonly {
    readonly purpose: string
    readonly tokens: number
    readonly completion_tokens: number
    readonly amount: number | null
  }[]
}
type User = { readonly id: string; readonly api: Requests; readonly headers: Readonly<Record<string, string>> }

describe('usage', () => {
  let openai: Awaited<ReturnType<typeof startOpenAiServer>>
  let world: World
  let admin: Requests
  let address: string
  /** As if the next one were half a second away. */
  let daysAreShort = false
  /** Who asks for this user's tokens next comes to the gate first. */
  let heldUp: { readonly userId: string; readonly gate: Gate } | undefined
  let files = 0

  const ending = (budget: TokenBudget): TokenBudget => ({
    hold: async (hold) => {
      const gate = hold.userId === heldUp?.userId ? heldUp.gate : undefined
      if (gate) heldUp = undefined
      await gate?.pass()
      await budget.hold(hold)
    },
    settle: (hold, paidBy) => budget.settle(hold, paidBy),
    release: (hold) => budget.release(hold),
    waitFor: async (userId) => (daysAreShort ? 500 : budget.waitFor(userId)),
  })

  before(async () => {
    openai = await startOpenAiServer()
    const { apiKey, baseUrl } = openai
    world = await startWorld({
      adminKey: ADMIN_KEY,
      embedder: { kind: 'openai', apiKey, baseUrl, model: MODEL, dimensions: 64 },
      prices: { [MODEL]: PRICE },
      chat: { apiKey, baseUrl, model: CHAT_MODEL, contextTokens: 4_000, maxTokens: 500, timeoutMs: 20_000 },
      chatPrices: { [CHAT_MODEL]: CHAT_PRICE },
      budget: ending,
    })
    admin = new Requests(world.app, bearer(ADMIN_KEY))
    address = await world.app.listen({ host: '127.0.0.1', port: 0 })
  })
  after(async () => {
    await world.close()
    await openai.close()
  })

  const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

  async function newUser(quota: object = {}): Promise<User> {
    const id = randomUUID()
    const { body } = await admin.send('POST', '/keys', { name: 'user', user_id: id })
    const { status } = await admin.send('PUT', `/users/${id}/quota`, quota)
    assert.equal(status, 200)
    const headers = bearer(String(body.key))
    return { id, headers, api: new Requests(world.app, headers) }
  }

  const usageOf = async ({ api }: User) => (await api.send('GET', '/usage')).body as UsageJson
  const billed = () => openai.embedded.reduce((sum, text) => sum + countTokens(text), 0)
  /** Of content that no other file has. */
  const upload = ({ api }: User, words = 30) => {
    files += 1
    return api.upload(`${files}.txt`, `File ${files}. ${'The harbour is quiet tonight. '.repeat(words)}`)
  }
  /** Exact, as the database has it. */
  const costOf = (tokens: number) => Number(((tokens * PRICE) / MILLION).toFixed(9))
  const objects = async ({ id }: User) => (await Array.fromAsync(world.objects.list(`uploads/${id}/`))).length

  test('an expert costs what the service was paid for, and so does its user; content that was embedded before costs nothing', async () => {
    const user = await newUser()
    const before = billed()
    const file = await upload(user)
    const { id } = await user.api.createExpert([file, await upload(user)])
    const { cost, summary } = await user.api.until(id, 'ready')
    const tokens = billed() - before
    assert.ok(tokens > 0)
    assert.deepEqual(cost, {
      tokens_embedded: tokens,
      tokens_reused: 0,
      chats: { prompt_tokens: 0, completion_tokens: 0, amount: 0 },
      currency: 'USD',
      amount: costOf(tokens),
      embedding_amount: costOf(tokens),
      price_per_million_tokens: PRICE,
    })
    assert.equal(summary?.totals.tokens_embedded, tokens)

    const second = await user.api.createExpert([file])
    const again = (await user.api.until(second.id, 'ready')).cost
    assert.deepEqual([again.tokens_embedded, again.amount], [0, 0])
    assert.ok(again.tokens_reused > 0)
    assert.equal(billed() - before, tokens)
    const [day] = (await usageOf(user)).days
    assert.deepEqual([day?.purpose, day?.tokens, day?.amount], ['files', tokens, costOf(tokens)])
  })

  test('what was paid stays paid when the file is taken out; what was lost and is made again is paid again', async () => {
    const user = await newUser()
    const { id } = await user.api.createExpert([await upload(user), await upload(user)])
    const { cost } = await user.api.until(id, 'ready')
    const gone = await upload(user)
    await user.api.send('POST', `/experts/${id}/files`, { file_ids: [gone.id] })
    const more = (await user.api.until(id, 'ready')).cost
    assert.ok(more.tokens_embedded > cost.tokens_embedded)
    await user.api.send('DELETE', `/experts/${id}/files/${gone.id}`)
    await eventually(async () => assert.equal((await user.api.expert(id)).progress.files, 2))
    assert.deepEqual((await user.api.expert(id)).cost, more)

    // With its last expert the artefacts of the file went.
    await user.api.send('POST', `/experts/${id}/files`, { file_ids: [gone.id] })
    await eventually(async () => assert.equal((await user.api.until(id, 'ready')).progress.files, 3))
    assert.equal(
      (await user.api.expert(id)).cost.tokens_embedded,
      more.tokens_embedded + (more.tokens_embedded - cost.tokens_embedded),
    )
  })

  test('text that the service refuses costs nothing', async () => {
    const user = await newUser()
    openai.server.failNext({ status: 400, times: 1 })
    const { id } = await user.api.createExpert([await upload(user)])
    assert.deepEqual((await user.api.until(id, 'failed')).cost.tokens_embedded, 0)
    assert.equal((await usageOf(user)).tokens_today.used, 0)
  })

  test('a new price holds from then on, and an unknown one makes the amount unknown', async () => {
    const user = await newUser()
    const { id } = await user.api.createExpert([await upload(user)])
    const { cost } = await user.api.until(id, 'ready')
    const hold = { name: randomUUID(), userId: user.id, tokens: MILLION }
    const paidBy = { expertId: id, model: MODEL }
    const at = (prices: Record<string, number>) => new PostgresTokenBudget(world.database.pool, { quota: {}, prices })
    await at({ [MODEL]: 3 }).settle(hold, paidBy)
    assert.equal((await user.api.expert(id)).cost.amount, Number((3 + (cost.amount ?? 0)).toFixed(9)))
    await at({}).settle(hold, paidBy)
    const unknown = (await user.api.expert(id)).cost
    assert.deepEqual([unknown.amount, unknown.tokens_embedded], [null, cost.tokens_embedded + 2 * MILLION])
  })

  test('searches are counted, for the day of their user', async () => {
    const user = await newUser()
    const { id } = await user.api.createExpert([await upload(user)])
    await user.api.until(id, 'ready')
    for (let i = 0; i < 3; i++) await user.api.search(id, 'a quiet harbour')
    const searched = (await usageOf(user)).days.find(({ purpose }) => purpose === 'searches')
    assert.equal(searched?.tokens, 3 * countTokens('a quiet harbour'))
  })

  test('a search that the service puts off, or refuses, costs nothing, and says how long to wait where the service does', async () => {
    const user = await newUser()
    const { id } = await user.api.createExpert([await upload(user)])
    await user.api.until(id, 'ready')
    for (const [refusal, ...expected] of [
      [{ status: 429, headers: { 'retry-after': '37' } }, 503, 'EMBEDDING_RATE_LIMITED', '37', 37],
      [{ status: 500, headers: {} }, 503, 'EMBEDDING_UNAVAILABLE', '5', undefined],
      [{ status: 400, headers: {} }, 502, 'EMBEDDING_REJECTED', undefined, undefined],
    ] as const) {
      openai.server.failNext({ ...refusal, times: 1, path: '/v1/embeddings' })
      const { status, headers, body } = await user.api.send('POST', `/experts/${id}/search`, { query: 'a harbour' })
      assert.deepEqual([status, body.code, headers['retry-after'], body.retry_after_seconds], expected)
      assert.doesNotMatch(String(body.detail), /file/)
    }
    assert.equal((await usageOf(user)).days.filter(({ purpose }) => purpose === 'searches').length, 0)
  })

  describe('an answer of an expert', () => {
    async function askable(): Promise<{ user: User; id: string }> {
      const user = await newUser()
      const { id } = await user.api.createExpert([await upload(user)])
      await user.api.until(id, 'ready')
      return { user, id }
    }
    const ask = ({ user, id }: Awaited<ReturnType<typeof askable>>) =>
      user.api.send('POST', `/experts/${id}/chat`, { message: 'Is the harbour quiet?' })
    const priceOf = (prompt: number, completion: number) =>
      Number(((prompt * CHAT_PRICE.prompt + completion * CHAT_PRICE.completion) / MILLION).toFixed(12))

    test('costs what the service read and wrote, apart from what was embedded; so does its user', async () => {
      const asked = await askable()
      const { cost: before } = await asked.user.api.expert(asked.id)
      const { status, body } = await ask(asked)
      assert.equal(status, 200, JSON.stringify(body))
      const { prompt_tokens, completion_tokens } = body.usage as ChatTokens
      assert.ok(prompt_tokens > 0 && completion_tokens > 0)
      const amount = priceOf(prompt_tokens, completion_tokens)
      const { cost } = await asked.user.api.expert(asked.id)
      assert.deepEqual(cost.chats, { prompt_tokens, completion_tokens, amount })
      assert.deepEqual([cost.tokens_embedded, cost.embedding_amount], [before.tokens_embedded, before.amount])
      assert.equal(cost.amount?.toFixed(12), ((before.amount ?? 0) + amount).toFixed(12))
      const { days, tokens_today } = await usageOf(asked.user)
      const [chats] = days.filter(({ purpose }) => purpose === 'chats')
      const tokens = prompt_tokens + completion_tokens
      assert.deepEqual([chats?.tokens, chats?.completion_tokens, chats?.amount], [tokens, completion_tokens, amount])
      assert.equal(
        tokens_today.used,
        days.reduce((sum, day) => sum + day.tokens, 0),
      )
    })

    test('that breaks off, or whose reader goes away, costs what was asked and what was written until then', async () => {
      const asked = await askable()
      openai.chat.says({ pieces: ['It is quiet', ' [1].'], end: 'error' })
      assert.equal((await ask(asked)).status, 503)
      const { chats } = (await asked.user.api.expert(asked.id)).cost
      const { messages = [] } = openai.chat.requests.at(-1) ?? {}
      const prompt = messages.reduce((sum, { content }) => sum + countTokens(content), 0)
      assert.ok(chats.completion_tokens > 0 && chats.completion_tokens <= countTokens('It is quiet [1].'))
      assert.equal(chats.prompt_tokens, prompt)

      const gate = new Gate()
      openai.chat.says({ pieces: ['It is quiet', ' [1].'], gate })
      const leaving = new AbortController()
      const response = await fetch(`${address}/experts/${asked.id}/chat`, {
        method: 'POST',
        headers: { ...asked.user.headers, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({ message: 'Is the harbour quiet?' }),
        signal: leaving.signal,
      })
      await response.body?.getReader().read()
      leaving.abort()
      await eventually(async () => {
        const { cost } = await asked.user.api.expert(asked.id)
        assert.equal(cost.chats.prompt_tokens, 2 * prompt)
      })
      gate.open()
    })

    test('at a price that is not known makes the sum unknown, and not that of embeddings', async () => {
      const asked = await askable()
      const { pool } = world.database
      const paidBy = { userId: asked.user.id, expertId: asked.id, model: 'another' }
      await new PostgresUsageStore(pool, { quota: {}, prices: {} }).countChat(paidBy, CHAT_TOKENS)
      const { cost } = await asked.user.api.expert(asked.id)
      assert.deepEqual([cost.chats.amount, cost.amount, cost.chats.prompt_tokens], [null, null, 5])
      assert.equal(cost.embedding_amount, costOf(cost.tokens_embedded))
    })

    test('is not given once the tokens of the day are used up', async () => {
      const asked = await askable()
      await admin.send('PUT', `/users/${asked.user.id}/quota`, { tokens_per_day: 1 })
      const requests = openai.chat.requests.length
      const { status, body } = await ask(asked)
      assert.deepEqual([status, body.code, openai.chat.requests.length], [429, 'TOKEN_QUOTA_EXHAUSTED', requests])
      await admin.send('PUT', `/users/${asked.user.id}/quota`, {})
      assert.equal((await ask(asked)).status, 200)
    })
  })

  describe('a quota of files and bytes', () => {
    test('is kept by uploads at the same time, which leave nothing of what they refuse', async () => {
      const user = await newUser({ files: 3 })
      const send = () => user.api.sendFile('POST', '/knowledge-base/upload', 'a.txt', 'Same time.')
      const answers = await Promise.all(Array.from({ length: 10 }, send))
      assert.equal(answers.filter(({ status }) => status === 201).length, 3)
      for (const { status, body } of answers.filter(({ status }) => status !== 201)) {
        const { code, quota, limit, used, asked } = body
        assert.deepEqual([status, code, quota, limit, used, asked], [403, 'QUOTA_EXCEEDED', 'files', 3, 3, 1])
      }
      assert.equal(await objects(user), 3)
      assert.deepEqual((await usageOf(user)).files, { used: 3, limit: 3 })
    })

    test('refuses a large body by its declared length, and one without by its bytes, before it is stored', async () => {
      const user = await newUser({ bytes: 100_000 })
      const boundary = 'b0undary'
      const form = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${'x'.repeat(150_000)}\r\n--${boundary}--\r\n`
      for (const payload of [form, Readable.from([form])]) {
        const { statusCode, body } = await world.app.inject({
          method: 'POST',
          url: '/knowledge-base/upload',
          payload,
          headers: { ...user.headers, 'content-type': `multipart/form-data; boundary=${boundary}` },
        })
        const { code, quota, limit, used } = JSON.parse(body)
        assert.deepEqual([statusCode, code, quota, limit, used], [403, 'QUOTA_EXCEEDED', 'bytes', 100_000, 0], body)
      }
      assert.equal(await objects(user), 0)
      assert.deepEqual((await usageOf(user)).bytes, { used: 0, limit: 100_000 })
    })

    test('counts what new content adds, lets whoever has too much make it less, and gives back what is deleted', async () => {
      const user = await newUser({ bytes: 1_000 })
      const file = await user.api.upload('a.txt', 'x'.repeat(800))
      const replace = (bytes: number) =>
        user.api.sendFile('PUT', `/knowledge-base/files/${file.id}/content`, 'a.txt', 'y'.repeat(bytes))
      assert.equal((await replace(1_000)).status, 200)
      const refused = await replace(1_001)
      assert.deepEqual([refused.status, refused.body.code], [403, 'QUOTA_EXCEEDED'])
      const kept = await world.app.inject({ url: `/knowledge-base/files/${file.id}/content`, headers: user.headers })
      assert.equal(kept.payload.length, 1_000)
      assert.equal(await objects(user), 1)

      await admin.send('PUT', `/users/${user.id}/quota`, { bytes: 500 })
      assert.equal((await replace(900)).status, 200)
      assert.deepEqual((await usageOf(user)).bytes, { used: 900, limit: 500 })
      assert.equal((await user.api.send('DELETE', `/knowledge-base/files/${file.id}`)).status, 204)
      assert.deepEqual((await usageOf(user)).bytes, { used: 0, limit: 500 })
      await user.api.upload('b.txt', 'x'.repeat(500))

      const other = await newUser()
      await world.database.pool.query('update files set user_id = $2 where user_id = $1', [user.id, other.id])
      assert.equal((await usageOf(user)).bytes.used, 0)
      assert.equal((await usageOf(other)).bytes.used, 500)
    })

    test('lets a refused upload be sent again with its Idempotency-Key once there is room', async () => {
      const user = await newUser({ files: 0 })
      const api = new Requests(world.app, { ...user.headers, 'idempotency-key': randomUUID() })
      const send = () => api.sendFile('POST', '/knowledge-base/upload', 'a.txt', 'Later.')
      assert.equal((await send()).status, 403)
      await admin.send('PUT', `/users/${user.id}/quota`, { files: 1 })
      const [first, second] = [await send(), await send()]
      assert.deepEqual([first.status, second.status, second.body.id], [201, 201, first.body.id])
    })
  })

  describe('a quota of tokens', () => {
    const quota = { tokens_per_day: 50 }

    /** An expert of several files whose tokens are used up by the first. */
    async function paused(user: User) {
      const selected = [await upload(user), await upload(user), await upload(user)]
      const before = billed()
      const { id } = await user.api.createExpert(selected)
      const expert = await user.api.until(id, 'paused')
      await eventually(async () => assert.equal((await user.api.expert(id)).progress.indexed, 1))
      return { expert, id, tokens: billed() - before }
    }

    test('that is used up pauses the expert and fails no file; what costs tokens is refused until the day ends', async () => {
      const user = await newUser(quota)
      const { expert, id, tokens } = await paused(user)
      assert.match(expert.status_reason ?? '', /^TOKEN_QUOTA_EXHAUSTED: The tokens of the day are used up.+00:00 UTC/)
      assert.equal(expert.progress.failed, 0)
      const run = world.client.workflow.getHandle(expert.workflow_id)
      const { currentDetails } = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata')
      assert.match(currentDetails, /Paused – TOKEN\\?_QUOTA/)
      assert.doesNotMatch(currentDetails, /retryFailedFiles/, 'it goes on by itself')
      const { tokens_today } = await usageOf(user)
      assert.deepEqual([tokens_today.used, tokens_today.limit], [tokens, 50])
      assert.match(tokens_today.renews_at, /T00:00:00.000Z$/)

      const file = await upload(user)
      for (const [url, body] of [
        ['/experts', { name: 'More', system_prompt: '', selected_files: [file.id] }],
        [`/experts/${id}/files`, { file_ids: [file.id] }],
        [`/experts/${id}/retry`, {}],
      ] as const) {
        const answer = await user.api.send('POST', url, body)
        assert.deepEqual([answer.status, answer.body.code, answer.body.used], [429, 'TOKEN_QUOTA_EXHAUSTED', tokens])
        const seconds = Number(answer.headers['retry-after'])
        assert.ok(seconds > 0 && seconds <= 86_400, `${seconds} s`)
        assert.ok(Math.abs(Date.now() + seconds * 1_000 - Date.parse(String(answer.body.renews_at))) < 5_000)
      }
      assert.equal((await user.api.search(id, 'harbour')).length, 1)

      await admin.send('PUT', `/users/${user.id}/quota`, { tokens_per_day: null })
      assert.equal((await user.api.send('POST', `/experts/${id}/retry`)).status, 202)
      assert.equal((await user.api.until(id, 'ready')).progress.indexed, 3)
    })

    test('that is used up lets the expert go on by itself when the next day begins', async () => {
      const midnight = new Date().setUTCHours(24, 0, 0, 0)
      const budget = new PostgresTokenBudget(world.database.pool, { quota: {}, prices: {} })
      const user = await newUser({ tokens_per_day: 0 })
      assert.ok(Math.abs(Date.now() + (await budget.waitFor(user.id)) - midnight) < 5_000)
      await admin.send('PUT', `/users/${user.id}/quota`, quota)
      daysAreShort = true
      try {
        const { id } = await paused(user)
        const yesterday = 'update token_usage set day = day - 1 where user_id = $1'
        await eventually(async () => {
          await world.database.pool.query(yesterday, [user.id])
          const { status, progress } = await user.api.expert(id)
          assert.deepEqual([status, progress.indexed], ['ready', 3])
        })
      } finally {
        daysAreShort = false
      }
    })

    test('that others hold, and never use, pauses the expert until they let it go, and not for the day', async () => {
      const user = await newUser(quota)
      const budget = new PostgresTokenBudget(world.database.pool, { quota: {}, prices: {} })
      const lost = { name: randomUUID(), userId: user.id, tokens: 50 }
      await budget.hold(lost)
      const { id } = await user.api.createExpert([await upload(user)])
      const { status_reason } = await user.api.until(id, 'paused')
      assert.match(status_reason ?? '', /50 of 50 tokens are used or held/)
      assert.equal(await budget.waitFor(user.id), 60_000)
      await budget.release(lost)
      assert.equal(await budget.waitFor(user.id), 1_000, 'it was let go between the refusal and the question')
      await user.api.send('POST', `/experts/${id}/retry`)
      await user.api.until(id, 'ready')

      const other = await newUser(quota)
      await budget.hold({ ...lost, userId: other.id })
      // The worker died nearly an hour ago.
      const expiring = `update token_holds set expires_at = now() + interval '3 seconds' where name = $1`
      await world.database.pool.query(expiring, [lost.name])
      assert.ok((await budget.waitFor(other.id)) <= 3_000)
      const waiting = await other.api.createExpert([await upload(other)])
      await other.api.until(waiting.id, 'paused', 'ready')
      await other.api.until(waiting.id, 'ready')
    })

    test('that others hold keeps files waiting until then, and not for one of them that takes its time', async () => {
      const user = await newUser({ tokens_per_day: 10_000 })
      const budget = new PostgresTokenBudget(world.database.pool, { quota: {}, prices: {} })
      const others = { name: randomUUID(), userId: user.id, tokens: 10_000 }
      await budget.hold(others)
      const gate = new Gate()
      heldUp = { userId: user.id, gate }
      const { id } = await user.api.createExpert([await upload(user), await upload(user), await upload(user)])
      try {
        await gate.arrival
        await user.api.until(id, 'paused')
        await budget.release(others)
        await user.api.send('POST', `/experts/${id}/retry`)
        await eventually(async () => {
          const { status, progress } = await user.api.expert(id)
          assert.deepEqual([status, progress.indexed, progress.pending], ['processing', 2, 1])
        }, 20_000)
      } finally {
        gate.open()
      }
      assert.equal((await user.api.until(id, 'ready')).progress.indexed, 3)
    })

    test('is not used up by many who work at the same time: each sees what the others are about to pay', async () => {
      const user = await newUser({ tokens_per_day: 1_000 })
      const budget = new PostgresTokenBudget(world.database.pool, { quota: {}, prices: {} })
      const holds = Array.from({ length: 20 }, (_, i) => ({ name: `${user.id}/${i}`, userId: user.id, tokens: 300 }))
      const held = await Promise.allSettled(holds.map((hold) => budget.hold(hold)))
      const granted = holds.filter((_, i) => held[i]?.status === 'fulfilled')
      assert.equal(granted.length, 4, 'the last one is begun while something is left')
      const [again, settled, released] = granted
      assert.ok(again && settled && released)
      await budget.hold(again)
      await budget.release(again)
      await budget.settle(settled, { expertId: randomUUID(), model: MODEL })
      await budget.release(released)
      assert.equal((await usageOf(user)).tokens_today.used, 300)
      await budget.hold({ ...released, tokens: 10 })
    })
  })

  describe('an estimate', () => {
    const estimate = (user: User, selected_files: readonly string[]) =>
      user.api.send('POST', '/experts/estimate', { selected_files })

    test('of files that are new holds what they cost then, and is exact afterwards', async () => {
      const user = await newUser()
      const file = await upload(user, 400)
      const { status, body } = await estimate(user, [file.id, file.id.toUpperCase()])
      assert.equal(status, 200, JSON.stringify(body))
      const { id } = await user.api.createExpert([file])
      const { cost } = await user.api.until(id, 'ready')
      const { tokens, amount, ...rest } = body as { tokens: Range; amount: Range }
      assert.ok(
        tokens.from <= cost.tokens_embedded && cost.tokens_embedded <= tokens.to,
        JSON.stringify([tokens, cost]),
      )
      assert.equal(amount.expected, costOf(tokens.expected))
      assert.deepEqual(rest, {
        files: 1,
        bytes: file.size,
        tokens_reused: 0,
        currency: 'USD',
        price_per_million_tokens: PRICE,
        embedding_model: MODEL,
        warnings: [],
        warnings_total: 0,
      })
      const copy = await user.api.upload('copy.txt', await contentOf(user, file.id))
      const known = (await estimate(user, [copy.id])).body
      assert.deepEqual([known.tokens, known.tokens_reused], [{ from: 0, expected: 0, to: 0 }, cost.tokens_embedded])
    })

    test('promises nothing of what was embedded in another way, or so long ago that it may be gone', async () => {
      const user = await newUser()
      const file = await upload(user)
      const { id } = await user.api.createExpert([file])
      const { cost } = await user.api.until(id, 'ready')
      const facts = async (recipe: ExpectedRecipe = world.recipe) =>
        (await world.estimates.facts(user.id, [file.id], recipe)).map((each) => [
          each.tokens,
          each.isEmbedded,
          each.mayBeEmbedded,
          each.isCountedAlike,
        ])
      assert.deepEqual(await facts(), [[cost.tokens_embedded, true, true, true]])
      const chunking = { maxTokens: 199, overlapTokens: 20 }
      const { extraction } = { extraction: extractionConfig }
      assert.deepEqual(await facts(recipeOf({ extraction, chunking }, world.embedder)), [
        [cost.tokens_embedded, false, true, true],
      ])
      assert.deepEqual(await facts({ model: 'another', dimensions: 64, name: 'another' }), [
        [cost.tokens_embedded, false, false, true],
      ])
      assert.deepEqual(await facts({ model: 'all-MiniLM-L6-v2@1f2a3b4c', dimensions: 384, name: 'another' }), [
        [cost.tokens_embedded, false, false, false],
      ])
      // Who uses what is there does not make it younger.
      const again = await user.api.createExpert([file])
      await user.api.until(again.id, 'ready')
      await world.database.pool.query(
        `update expert_files set embedded_at = embedded_at - interval '30 days' where file_id = $1`,
        [file.id],
      )
      assert.deepEqual(await facts(), [[cost.tokens_embedded, false, true, true]])
      const { body } = await estimate(user, [file.id])
      assert.deepEqual(
        [body.tokens, body.tokens_reused],
        [{ from: 0, expected: cost.tokens_embedded, to: cost.tokens_embedded }, 0],
      )
    })

    test('knows why a file failed, and refuses ids that creating would refuse', async () => {
      const user = await newUser()
      const broken = await user.api.upload('broken.pdf', '%PDF-1.7 nothing follows')
      const { id } = await user.api.createExpert([broken])
      await user.api.until(id, 'failed')
      const { body } = await estimate(user, [broken.id])
      const [warning] = body.warnings as { file_id: string; name: string; code: string }[]
      assert.deepEqual([warning?.file_id, warning?.name, warning?.code], [broken.id, 'broken.pdf', 'CORRUPT'])

      const others = await upload(await newUser())
      for (const unknown of [randomUUID(), others.id]) {
        const refused = await estimate(user, [broken.id, unknown])
        assert.deepEqual([refused.status, refused.body.code, refused.body.file_ids], [422, 'UNKNOWN_FILES', [unknown]])
      }
    })

    test('of five thousand files, which several experts have, is made in a moment', async (t) => {
      const user = await newUser()
      const { rows } = await world.database.pool.query<{ id: string }>(
        `insert into files (id, user_id, name, original_name, size, type, s3_url, s3_key, sha256, processing_status)
         select gen_random_uuid(), $1, 'a.pdf', 'a.pdf', 100000, 'application/pdf', '', '', md5(i::text) || md5('b' || i), 'processed'
         from generate_series(1, 5000) i returning id`,
        [user.id],
      )
      const ids = rows.map(({ id }) => id)
      for (const model of ['another', MODEL, 'a third']) await expertOf(user, ids, model)
      await world.database.pool.query('analyze files, expert_files, experts')
      const start = performance.now()
      const { body } = await estimate(user, ids)
      t.diagnostic(`${Math.round(performance.now() - start)} ms`)
      assert.deepEqual([body.files, body.tokens_reused], [5_000, 5_000 * 100])
      assert.ok(performance.now() - start < 5_000)
    })

    /** One that has all of these files indexed, each of 100 tokens. */
    async function expertOf(user: User, ids: readonly string[], model: string): Promise<void> {
      const { rows } = await world.database.pool.query<{ id: string }>(
        `insert into experts (id, user_id, name, system_prompt, status, embedding_model, embedding_dimensions)
         values (gen_random_uuid(), $1, 'Large', '', 'ready', $2, 64) returning id`,
        [user.id, model],
      )
      await world.database.pool.query(
        `insert into expert_files (expert_id, file_id, status, tokens, tokens_reused, recipe, embedded_at)
         select $1, id, 'indexed', 100, 0, $3, now() from unnest($2::uuid[]) as id`,
        [rows[0]?.id, ids, model === MODEL ? world.recipe.name : model],
      )
    }

    const contentOf = async (user: User, id: string) =>
      (await world.app.inject({ url: `/knowledge-base/files/${id}/content`, headers: user.headers })).rawPayload
  })

  test("limits are the admin's to set and everybody's to see, and are as configured where none is set", async () => {
    const user = await newUser({ files: 5, bytes: null })
    assert.deepEqual((await usageOf(user)).files, { used: 0, limit: 5 })
    assert.equal((await user.api.send('PUT', `/users/${user.id}/quota`, {})).status, 403)
    assert.equal((await user.api.send('GET', `/users/${user.id}/usage`)).status, 403)
    const seen = (await admin.send('GET', `/users/${user.id}/usage`)).body as UsageJson
    assert.deepEqual(seen.files, { used: 0, limit: 5 })
    assert.equal((await admin.send('PUT', `/users/${user.id}/quota`, { file: 5 })).status, 400)
    assert.equal((await admin.send('PUT', `/users/${user.id}/quota`, { files: -1 })).status, 400)
    await admin.send('PUT', `/users/${user.id}/quota`, {})
    assert.deepEqual((await usageOf(user)).files, { used: 0, limit: null })
  })
})

type ChatTokens = { readonly prompt_tokens: number; readonly completion_tokens: number }

const CHAT_TOKENS = { promptTokens: 5, completionTokens: 7 }

type Range = { readonly from: number; readonly expected: number; readonly to: number }
