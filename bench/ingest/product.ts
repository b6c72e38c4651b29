import { Client, Connection } from '@temporalio/client'
import { ApiClient } from '../../cli/api/api-client.ts'
import type { ExpertJson } from '../../cli/api/experts-api.ts'
import type { ExpertSummary } from '../../domain/expert.ts'
import { vectorNamespace } from '../../domain/keys.ts'
import { metered } from './meter.ts'
import { startProduct } from './product-processes.ts'
import type { Run } from './run.ts'
import { readSeeds, seedFiles } from './seed-files.ts'
import type { Servers } from './servers.ts'
import { startServers } from './servers.ts'
import { startWireServers } from './wire-servers.ts'

/** (a) This product: an expert of files that are uploaded already, from its creation over the API to ready. */
export async function runProduct(paths: readonly string[]): Promise<Run> {
  await using resources = new AsyncDisposableStack()
  const servers = resources.adopt(await startServers(), (each) => each.close())
  const wire = resources.adopt(await startWireServers(), (each) => each.close())
  const fileIds = await seedFiles(servers, readSeeds(paths))
  const product = resources.adopt(await startProduct(servers, wire), (each) => each.close())
  const { api, worker } = product.pids
  const parts = { program: [worker, api], ...servers.pids, wire: [wire.pid] }
  const [{ expert, summary }, measured] = await metered(parts, () => makeExpert(product.apiUrl, servers, fileIds))
  const vectors = await wire.countVectors(vectorNamespace(expert.id, 1))
  if (vectors !== summary.totals.chunks) throw new Error(`${vectors} vectors for ${summary.totals.chunks} chunks`)
  const { indexed: files, pages, chunks, failed } = summary.totals
  return { ...measured, files, pages, chunks, failed }
}

async function makeExpert(apiUrl: string, servers: Servers, fileIds: string[]) {
  const expert = await createExpert(apiUrl, fileIds)
  const connection = await Connection.connect({ address: servers.temporalAddress })
  try {
    const summary: ExpertSummary = await new Client({ connection }).workflow.getHandle(expert.workflow_id).result()
    return { expert, summary }
  } finally {
    await connection.close()
  }
}

export const createExpert = (apiUrl: string, fileIds: string[]): Promise<ExpertJson> =>
  new ApiClient({ url: apiUrl }).experts.create({
    name: 'Bench',
    system_prompt: 'You know these files.',
    voice_id: '21m00Tcm4TlvDq8ikWAM',
    selected_files: fileIds,
  })
