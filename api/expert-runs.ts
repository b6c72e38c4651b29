import type { Client, WorkflowStartOptions } from '@temporalio/client'
import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import type { Expert } from '../domain/expert.ts'
import type { AddRequest, CreateExpertWorkflow, DeleteExpertWorkflow, RetryRequest } from '../workflows/contract.ts'
import {
  addFiles,
  CREATE_EXPERT,
  createExpertId,
  DELETE_EXPERT,
  deleteExpertId,
  EXPERT_ID,
  EXPERT_STATUS,
  FAILED_FILES,
  retryFailedFiles,
  USER_ID,
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
  async retry(expert: Expert, request: RetryRequest): Promise<void> {
    await this.#signalWithStart(expert, { signal: retryFailedFiles, signalArgs: [request] })
  }

  async add(expert: Expert, request: AddRequest): Promise<void> {
    await this.#signalWithStart(expert, { signal: addFiles, signalArgs: [request] })
  }

  /** @returns whether there was a run to cancel */
  async cancel({ id }: Expert): Promise<boolean> {
    try {
      await this.#call(() => this.#client.workflow.getHandle(createExpertId(id)).cancel())
      return true
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false
      throw error
    }
  }

  async delete(expert: Expert): Promise<string> {
    const workflowId = deleteExpertId(expert.id)
    await this.#call(() =>
      this.#client.workflow.start<DeleteExpertWorkflow>(DELETE_EXPERT, {
        ...this.#describe(expert),
        workflowId,
        taskQueue: this.#options.taskQueue,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ expertId: expert.id }],
      }),
    )
    return workflowId
  }

  async #signalWithStart(
    expert: Expert,
    signal:
      | { signal: typeof retryFailedFiles; signalArgs: [RetryRequest] }
      | { signal: typeof addFiles; signalArgs: [AddRequest] },
  ) {
    const options = { ...this.#startOptions(expert), ...signal }
    await this.#call(() => this.#client.workflow.signalWithStart(CREATE_EXPERT, options))
  }

  #startOptions(expert: Expert): WorkflowStartOptions<CreateExpertWorkflow> {
    return {
      ...this.#describe(expert),
      workflowId: createExpertId(expert.id),
      taskQueue: this.#options.taskQueue,
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ expertId: expert.id }],
    }
  }

  /** What the Web UI shows and finds a run by. */
  #describe(expert: Expert) {
    return {
      staticSummary: expert.name,
      staticDetails: `Expert \`${expert.id}\` with ${expert.progress.files} files.`,
      typedSearchAttributes: [
        { key: EXPERT_ID, value: expert.id },
        { key: USER_ID, value: expert.userId },
        { key: EXPERT_STATUS, value: expert.status },
        { key: FAILED_FILES, value: expert.progress.failed },
      ],
    }
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
