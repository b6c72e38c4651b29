import assert from 'node:assert/strict'
import type { Stage } from '../../domain/failure.ts'
import { FILES, harbourLog, LOCKED_FILE, LONG_FILE, newNonce, READABLE_FILES } from './harbour-log.ts'
import type { Production } from './production.ts'
import { repeatedRequests } from './repeated-requests.ts'
import type { ExpertFileJson, ExpertJson, FileJson } from './requests.ts'
import { eventually } from './requests.ts'

/** What a run has left, in words that do not depend on its ids and its nonce. */
export type Outcome = {
  /** `<file name>#<chunk>` → its text. */
  readonly texts: ReadonlyMap<string, string>
  readonly vectors: number
  /** Vectors of a text that another vector has too. */
  readonly duplicates: number
  readonly vectorsOfFailedFiles: number
  /** Embedding requests that had to be made again. */
  readonly extraRequests: number
  readonly seconds: number
}

/** Several runs may wait at the same time, on a machine that does other things too. */
const LIMIT_MS = 180_000
const POLL_MS = 200

/** The harbour log on its way into an expert. */
export class Ingestion {
  readonly #production: Production
  readonly #nonce: string
  readonly #files: readonly FileJson[]
  readonly #requestsBefore: number
  #expert: Pick<ExpertJson, 'id' | 'workflow_id'> = { id: '', workflow_id: '' }
  #startedAt = 0

  private constructor(production: Production, nonce: string, files: readonly FileJson[]) {
    this.#production = production
    this.#nonce = nonce
    this.#files = files
    this.#requestsBefore = production.openai.server.requests.length
  }

  /** Uploads the files. */
  static async prepare(production: Production): Promise<Ingestion> {
    const nonce = newNonce()
    const files: FileJson[] = []
    for (const [name, content] of await harbourLog(nonce)) files.push(await production.api.upload(name, content))
    return new Ingestion(production, nonce, files)
  }

  /** The file of several parts. */
  get long(): FileJson {
    return this.#named(LONG_FILE)
  }

  get expertId(): string {
    return this.#expert.id
  }

  get workflowId(): string {
    return this.#expert.workflow_id
  }

  async start(): Promise<void> {
    this.#startedAt = performance.now()
    this.#expert = await this.#production.api.createExpert(this.#files)
  }

  async #allFiles(): Promise<ExpertFileJson[]> {
    const { body } = await this.#production.api.send('GET', `/experts/${this.expertId}/files`)
    return body.items as ExpertFileJson[]
  }

  /** The long file as the expert has it. */
  async longFile(): Promise<ExpertFileJson | undefined> {
    return (await this.#allFiles()).find(({ file_id }) => file_id === this.long.id)
  }

  /** Waits until all files but the long one are indexed or have failed. */
  async othersSettled(): Promise<void> {
    await eventually(async () => {
      const { progress } = await this.#production.api.expert(this.expertId)
      assert.equal(progress.indexed + progress.failed, FILES - 1, JSON.stringify(progress))
    }, LIMIT_MS)
  }

  /** Waits until every file that can be read is in that stage. */
  async allIn(stage: Stage): Promise<void> {
    await eventually(async () => {
      const there = (await this.#allFiles()).filter((file) => file.stage === stage && file.status === 'processing')
      assert.equal(there.length, READABLE_FILES)
    }, LIMIT_MS)
  }

  /** Waits for the end of the first pass, in which only the locked file may fail. */
  async outcome(): Promise<Outcome> {
    const { progress, summary } = await this.#ended()
    const seconds = (performance.now() - this.#startedAt) / 1_000
    assert.deepEqual(progress, { files: FILES, indexed: READABLE_FILES, failed: 1, pending: 0 })
    const failures = summary?.failed_files.map(({ name, code }) => ({ name, code }))
    assert.deepEqual(failures, [{ name: LOCKED_FILE, code: 'ENCRYPTED' }])
    return { ...this.#stored(), extraRequests: repeatedRequests(this.#embeddingRequests()), seconds }
  }

  #ended(): Promise<ExpertJson> {
    const attempt = async () => {
      const expert = await this.#production.api.expert(this.expertId)
      assert.equal(expert.status, 'partially_ready', JSON.stringify(expert.progress))
      return expert
    }
    return eventually(attempt, LIMIT_MS, POLL_MS)
  }

  #stored() {
    const vectors = this.#production.pinecone.vectors(`${this.expertId}.1`)
    const texts = new Map(vectors.map(({ id, metadata }) => [this.#nameOf(id), this.#normalized(metadata?.text)]))
    const locked = this.#named(LOCKED_FILE).id
    return {
      texts,
      vectors: vectors.length,
      duplicates: vectors.length - new Set(texts.values()).size,
      vectorsOfFailedFiles: vectors.filter(({ id, metadata }) => id.startsWith(locked) || metadata?.file_id === locked)
        .length,
    }
  }

  #embeddingRequests(): string[][] {
    const requests = this.#production.openai.server.requests.slice(this.#requestsBefore)
    return requests.map(({ body }) => [(body as { input: string | string[] }).input].flat())
  }

  /** Of a vector's id, `<fileId>#<chunk>`. */
  #nameOf(vectorId: string): string {
    const [fileId, chunk] = vectorId.split('#')
    return `${this.#files.find(({ id }) => id === fileId)?.original_name}#${chunk}`
  }

  #normalized(text: unknown): string {
    return String(text).replaceAll(this.#nonce, 'nonce')
  }

  #named(name: string): FileJson {
    const file = this.#files.find(({ original_name }) => original_name === name)
    assert.ok(file, name)
    return file
  }
}
