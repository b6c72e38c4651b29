import assert from 'node:assert/strict'
import { optionalTsToMs } from '@temporalio/common/lib/time.js'
import { deleteExpertId } from '../../workflows/contract.ts'
import type { Gate } from './gate.ts'
import type { Production } from './production.ts'
import type { Removals } from './removals.ts'
import { eventually } from './requests.ts'

type Hold = {
  /** Resolves when all that is to be held is held. */
  reached(): Promise<unknown>
  release(): unknown
}
type Pool = Production['world']['database']['pool']

/** Where removals can be held, to be planned before they start. */
export const REMOVAL_HOLDS: Readonly<Record<string, (production: Production, removals: Removals) => Hold>> = {
  'vectors are about to be deleted': (production, removals) => holdVectors(production, removals, 'hold'),
  'vectors are deleted, but nobody knows': holdAnswers,
  'artefacts are deleted in part': (production, removals) =>
    atGates(['tides.txt', 'winds.txt', 'wreck.txt'].map((file) => holdArtefacts(production, removals, file))),
  'an original is about to be deleted': (production, removals) => {
    const { reached, release } = atGates([holdOriginal(production, removals)])
    return { reached: () => reached().then(() => expertsSettled(removals)), release }
  },
  'rows are deleted, but nobody knows': holdRows,
}

const atGates = (gates: readonly Gate[]): Hold => ({
  reached: () => Promise.all(gates.map((gate) => gate.arrival)),
  release: () => {
    for (const gate of gates) gate.open()
  },
})

/**
 * Those of the last removed file, of the deleted expert, and of the deleted file in one of its experts, when the other one is
 * without it.
 */
function holdVectors({ pinecone: { server } }: Production, removals: Removals, hold: 'hold' | 'holdAnswer'): Hold {
  const ids = [removals.file('charts.txt').id, removals.namespace('deleted'), removals.namespace('bereft')]
  const { reached, release } = atGates(
    ids.map((id) => server[hold](({ path, body }) => path === '/vectors/delete' && JSON.stringify(body).includes(id))),
  )
  const keeperIsWithout = async () => {
    await eventually(async () => assert.equal((await removals.filesOf('keeper')).length, 2))
    await removals.runsOf('keeper')
  }
  return { reached: () => Promise.all([reached(), keeperIsWithout()]), release }
}

/**
 * To count the expert's vectors takes so long that a heartbeat was sent meanwhile, after which the SDK would hold back the one
 * that tells the count.
 */
function holdAnswers(production: Production, removals: Removals): Hold {
  const counting = production.pinecone.server.hold(({ path }) => path === '/describe_index_stats')
  const { reached, release } = holdVectors(production, removals, 'holdAnswer')
  return {
    reached: async () => {
      await counting.arrival
      await heartbeatOf(production, deleteExpertId(removals.expert('deleted').id))
      counting.open()
      await reached()
    },
    release,
  }
}

/** Waits until the activity that the workflow waits for has sent a heartbeat. */
const heartbeatOf = ({ world: { client } }: Production, workflowId: string) =>
  eventually(async () => {
    const { raw } = await client.workflow.getHandle(workflowId).describe()
    const { lastHeartbeatTime, lastStartedTime } = raw.pendingActivities?.[0] ?? {}
    assert.ok((optionalTsToMs(lastHeartbeatTime) ?? 0) > (optionalTsToMs(lastStartedTime) ?? Infinity))
  })

/** What their runs ask of Postgres has a minute to be answered, so a kill then would only make the test longer. */
const expertsSettled = (removals: Removals) => removals.runsOf('trimmed', 'bereft', 'keeper')

/** When the manifest is gone, which is listed before the parts. */
function holdArtefacts({ s3 }: Production, removals: Removals, file: string): Gate {
  const part = new RegExp(`^derived/${removals.file(file).sha256}/.*/part-`)
  return s3.hold(({ method, key }) => method === 'DELETE' && part.test(key))
}

function holdOriginal({ s3 }: Production, removals: Removals): Gate {
  const { s3_key } = removals.file('wreck.txt')
  return s3.hold(({ method, key }) => method === 'DELETE' && key === s3_key)
}

/**
 * By locks, set right before: once they are gone Postgres does what it was asked for, though nobody waits for its answer any
 * more.
 */
function holdRows(production: Production, removals: Removals): Hold {
  const { pool } = production.world.database
  const before = atGates([holdOriginal(production, removals), holdArtefacts(production, removals, 'winds.txt')])
  let unlock = async () => {}
  return {
    reached: async () => {
      await before.reached()
      await expertsSettled(removals)
      unlock = await lockRows(pool, removals)
      before.release()
      await eventually(async () => assert.equal(await waitingForLocks(pool), 2))
    },
    release: () => unlock(),
  }
}

async function lockRows(pool: Pool, removals: Removals): Promise<() => Promise<void>> {
  const client = await pool.connect()
  await client.query('begin')
  await client.query('select from experts where id = $1 for update', [removals.expert('deleted').id])
  await client.query('select from files where id = $1 for update', [removals.file('wreck.txt').id])
  return async () => {
    await client.query('rollback')
    client.release()
  }
}

async function waitingForLocks(pool: Pool) {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rowCount
}
