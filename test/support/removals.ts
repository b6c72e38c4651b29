import assert from 'node:assert/strict'
import { vectorNamespace } from '../../domain/keys.ts'
import { removeFilesId } from '../../workflows/contract.ts'
import { LOCKED_FILE, lockedLog, newNonce, shortLog } from './harbour-log.ts'
import type { Production } from './production.ts'
import type { ExpertFileJson, ExpertJson, FileJson } from './requests.ts'
import { eventually } from './requests.ts'

/** Experts, by what becomes of them, and their files. `charts` and `stars` are the same content twice. */
const EXPERTS = {
  trimmed: ['buoys.txt', 'tides.txt', LOCKED_FILE, 'charts.txt'],
  deleted: ['winds.txt', 'stars.txt', LOCKED_FILE],
  bereft: ['lights.txt', 'wreck.txt'],
  keeper: ['charts.md', 'stars.md', 'wreck.txt'],
} as const
const REMOVED = ['tides.txt', LOCKED_FILE, 'charts.txt']
const DELETED_FILE = 'wreck.txt'
/** Nobody retries the locked file, but the runs of its experts are to wait for that. */
export const RETRY_WINDOW = '10m'
const LIMIT_MS = 180_000

type ExpertName = keyof typeof EXPERTS
type Receipt = Readonly<Record<string, unknown>>

type ExpertRemains = {
  /** That of the expert, or of the answer. */
  readonly status: string
  readonly files: readonly string[]
  /** How many of which file. */
  readonly vectors: Readonly<Record<string, number>>
}

/** What three removals have told and left, in words that do not depend on ids. */
export type Remains = {
  readonly receipts: { readonly removeFiles: Receipt; readonly deleteExpert: Receipt; readonly deleteFile: Receipt }
  readonly experts: Readonly<Record<ExpertName, ExpertRemains>>
  /** `artefacts`: how many objects that were derived from its content. */
  readonly files: Readonly<Record<string, { isFound: boolean; hasObject: boolean; artefacts: number }>>
}

/** Some files of an expert that are removed, an expert that is deleted, and a file that is deleted while two experts use it. */
export class Removals {
  readonly #production: Production
  readonly #files: ReadonlyMap<string, FileJson>
  readonly #experts: ReadonlyMap<ExpertName, ExpertJson>
  #workflowIds = { removeFiles: '', deleteExpert: '', deleteFile: '' }

  private constructor(
    production: Production,
    files: ReadonlyMap<string, FileJson>,
    experts: ReadonlyMap<ExpertName, ExpertJson>,
  ) {
    this.#production = production
    this.#files = files
    this.#experts = experts
  }

  /** Uploads the files, and waits until the experts know them. */
  static async prepare(production: Production): Promise<Removals> {
    const { api } = production
    const nonce = newNonce()
    const files = new Map<string, FileJson>()
    for (const name of new Set(Object.values(EXPERTS).flat())) {
      const content = name === LOCKED_FILE ? await lockedLog(nonce) : shortLog(nonce, name.replace(/\..*/, ''))
      files.set(name, await api.upload(name, content))
    }
    const experts = new Map<ExpertName, ExpertJson>()
    for (const expert of Object.keys(EXPERTS) as ExpertName[])
      experts.set(expert, await api.createExpert(EXPERTS[expert].map((name) => get(files, name))))
    const removals = new Removals(production, files, experts)
    await removals.#known()
    return removals
  }

  async start(): Promise<void> {
    const { api, world } = this.#production
    const requestId = crypto.randomUUID()
    const fileIds = REMOVED.map((name) => this.file(name).id)
    // The API takes out one file at a time.
    await world.client.workflow
      .getHandle(this.expert('trimmed').workflow_id)
      .signal('removeFiles', { fileIds, requestId })
    const expert = await api.send('DELETE', `/experts/${this.expert('deleted').id}`)
    const file = await api.send('DELETE', `/knowledge-base/files/${this.file(DELETED_FILE).id}?cascade=true`)
    this.#workflowIds = {
      removeFiles: removeFilesId(requestId),
      deleteExpert: String(expert.body.workflow_id),
      deleteFile: String(file.body.workflow_id),
    }
  }

  /** Waits for the end of the latest run of each. */
  async runsOf(...experts: readonly ExpertName[]): Promise<void> {
    for (const expert of experts) await this.#result(this.expert(expert).workflow_id)
  }

  /** Waits for the end of all that was started. */
  async remains(): Promise<Remains> {
    const { removeFiles, deleteExpert, deleteFile } = this.#workflowIds
    const receipts = {
      removeFiles: withoutIds(await this.#result(removeFiles)),
      deleteExpert: withoutIds(await this.#result(deleteExpert)),
      deleteFile: this.#withNames(await this.#result(deleteFile)),
    }
    await this.runsOf('trimmed', 'bereft', 'keeper')
    return {
      receipts,
      experts: await mapValues(EXPERTS, (_, expert) => this.#expertNow(expert)),
      files: await mapValues(Object.fromEntries(this.#files), (file) => this.#fileNow(file)),
    }
  }

  file(name: string): FileJson {
    return get(this.#files, name)
  }

  expert(name: ExpertName): ExpertJson {
    return get(this.#experts, name)
  }

  namespace(name: ExpertName): string {
    return vectorNamespace(this.expert(name).id, 1)
  }

  /** The names of the files that the expert has. */
  async filesOf(expert: ExpertName): Promise<string[]> {
    const { body } = await this.#production.api.send('GET', `/experts/${this.expert(expert).id}/files`)
    return ((body.items ?? []) as ExpertFileJson[]).map(({ file_id }) => this.#nameOf(file_id))
  }

  async #expertNow(name: ExpertName) {
    const { status, body } = await this.#production.api.send('GET', `/experts/${this.expert(name).id}`)
    const vectors: Record<string, number> = {}
    for (const { id } of this.#production.pinecone.vectors(this.namespace(name))) {
      const file = this.#nameOf(id.replace(/#.*/, ''))
      vectors[file] = (vectors[file] ?? 0) + 1
    }
    return { status: status === 200 ? String(body.status) : `${status}`, files: await this.filesOf(name), vectors }
  }

  async #fileNow({ id, s3_key, sha256 }: FileJson) {
    const { api, world } = this.#production
    const { status } = await api.send('GET', `/knowledge-base/files/${id}`)
    return {
      isFound: status === 200,
      hasObject: (await world.objects.size(s3_key)) !== undefined,
      artefacts: (await Array.fromAsync(world.objects.list(`derived/${sha256}/`))).length,
    }
  }

  /** Of a workflow that may not have begun yet. */
  #result(workflowId: string): Promise<Receipt> {
    return eventually(() => this.#production.world.client.workflow.getHandle(workflowId).result(), LIMIT_MS)
  }

  #withNames({ file_id, experts_left, ...receipt }: Receipt): Receipt {
    assert.equal(file_id, this.file(DELETED_FILE).id)
    const names = [...this.#experts].filter(([, { id }]) => (experts_left as string[]).includes(id))
    return { ...receipt, experts_left: names.map(([name]) => name) }
  }

  /** Waits until the first runs have ended, or wait for a retry of the locked file. */
  async #known(): Promise<void> {
    for (const expert of ['trimmed', 'deleted'] as const) {
      const { id } = this.expert(expert)
      await eventually(() => this.#production.api.until(id, 'partially_ready'), LIMIT_MS)
    }
    await this.runsOf('bereft', 'keeper')
  }

  #nameOf(fileId: string): string {
    return [...this.#files].find(([, { id }]) => id === fileId)?.[0] ?? fileId
  }
}

const withoutIds = ({ expert_id: _, ...receipt }: Receipt): Receipt => receipt

function get<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key)
  assert.ok(value, String(key))
  return value
}

async function mapValues<K extends string, V, R>(
  record: Readonly<Record<K, V>>,
  map: (value: V, key: K) => Promise<R>,
): Promise<Record<K, R>> {
  const entries = (Object.entries(record) as [K, V][]).map(async ([key, value]) => [key, await map(value, key)])
  return Object.fromEntries(await Promise.all(entries))
}
