import { randomUUID } from 'node:crypto'
import type { Client, WorkflowStartOptions } from '@temporalio/client'
import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import type { SignalDefinition } from '@temporalio/common'
import type { Expert } from '../domain/expert.ts'
import { FILES_PER_REQUEST } from '../domain/expert.ts'
import type { StoredFile } from '../domain/file.ts'
import { inBatches } from '../domain/in-batches.ts'
import type {
  AddRequest,
  CreateExpertWorkflow,
  DeleteExpertWorkflow,
  DeleteFileWorkflow,
  ReindexExpertWorkflow,
  RetryRequest,
} from '../workflows/contract.ts'
import {
  addFiles,
  CREATE_EXPERT,
  createExpertId,
  createExpertStart,
  DELETE_EXPERT,
  DELETE_FILE,
  deleteExpertId,
  deleteExpertStart,
  deleteFileStart,
  REINDEX_EXPERT,
  reindexExpertStart,
  removeFiles,
  removeFilesId,
  retryFailedFiles,
} from '../workflows/contract.ts'
import { Problem } from './problem.ts'

export type ExpertRunsOptions = {
  readonly client: Client
  readonly namespace: string
  readonly taskQueue: string
  readonly uiUrl: string
}

/** How long a request waits for Temporal. */
const DEADLINE_MS = 5_000

/** The workflows of experts, as the API starts and signals them. All throw Problem TEMPORAL_UNAVAILABLE. */
export class ExpertRuns {
  readonly #client: Client
  readonly #options: ExpertRunsOptions

  constructor(options: ExpertRunsOptions) {
    this.#client = options.client
    this.#options = options
  }

  urlOf(workflowId: string): string {
    const { uiUrl, namespace } = this.#options
    return `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`
  }

  async start(expert: Expert): Promise<void> {
    await this.#call(() => this.#client.workflow.start<CreateExpertWorkflow>(CREATE_EXPERT, this.#startOptions(expert)))
  }

  /** Signals the expert's run; where it has ended, a new one is started with the signal. */
  async retry(expert: Expert, { fileIds }: RetryRequest): Promise<void> {
    if (!fileIds) return this.#signalWithStart(expert, retryFailedFiles, {})
    for (const some of inRequests(fileIds)) await this.#signalWithStart(expert, retryFailedFiles, { fileIds: some })
  }

  async add(expert: Expert, { fileIds }: AddRequest): Promise<void> {
    for (const some of inRequests(fileIds)) await this.#signalWithStart(expert, addFiles, { fileIds: some })
  }

  /** @returns the id of the workflow that the run starts to remove them */
  async remove(expert: Expert, fileIds: readonly string[]): Promise<string> {
    const requestId = randomUUID()
    await this.#signalWithStart(expert, removeFiles, { fileIds, requestId })
    return removeFilesId(requestId)
  }

  /** Where there is no run, there is nothing to cancel. */
  async cancel({ id }: Expert): Promise<void> {
    try {
      await this.#call(() => this.#client.workflow.getHandle(createExpertId(id)).cancel())
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error
    }
  }

  async delete(expert: Expert): Promise<string> {
    await this.#call(() =>
      this.#client.workflow.start<DeleteExpertWorkflow>(DELETE_EXPERT, {
        ...deleteExpertStart(expert),
        taskQueue: this.#options.taskQueue,
      }),
    )
    return deleteExpertId(expert.id)
  }

  /** Deletes a file with its use in experts. @returns the id of the workflow that does it */
  async deleteFile(file: StoredFile): Promise<string> {
    const options = { ...deleteFileStart(file), taskQueue: this.#options.taskQueue }
    await this.#call(() => this.#client.workflow.start<DeleteFileWorkflow>(DELETE_FILE, options))
    return options.workflowId
  }

  /** Starting one that runs already is a success. */
  async reindex(expert: Expert, generation: number): Promise<void> {
    const options = { ...reindexExpertStart(expert, generation), taskQueue: this.#options.taskQueue }
    await this.#call(() => this.#client.workflow.start<ReindexExpertWorkflow>(REINDEX_EXPERT, options))
  }

  /** Signals a re-index; where its run was ended by somebody, another one goes on with it. */
  async askReindex(expert: Expert, generation: number, signal: SignalDefinition): Promise<void> {
    const { taskQueue } = this.#options
    const options = { ...reindexExpertStart(expert, generation), taskQueue, signal, signalArgs: [] as [] }
    await this.#call(() => this.#client.workflow.signalWithStart<ReindexExpertWorkflow>(REINDEX_EXPERT, options))
  }

  async #signalWithStart<A>(expert: Expert, signal: SignalDefinition<[A]>, request: A): Promise<void> {
    const options = { ...this.#startOptions(expert), signal, signalArgs: [request] as [A] }
    await this.#call(() => this.#client.workflow.signalWithStart(CREATE_EXPERT, options))
  }

  #startOptions(expert: Expert): WorkflowStartOptions<CreateExpertWorkflow> {
    return { ...createExpertStart(expert), taskQueue: this.#options.taskQueue }
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#client.withDeadline(Date.now() + DEADLINE_MS, call)
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError) throw error
      throw isGrpcServiceError(error) || isGrpcServiceError((error as Error).cause)
        ? new Problem('TEMPORAL_UNAVAILABLE', { cause: error })
        : error
    }
  }
}

/** A signal of all the ids would be larger than Temporal takes. */
const inRequests = (fileIds: readonly string[]) => inBatches(fileIds, FILES_PER_REQUEST)
