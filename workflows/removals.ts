import {
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  executeChild,
  log,
  proxyActivities,
  uuid4,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING } from './activity-options.ts'
import type { RemoveFilesWorkflow, RemoveRequest } from './contract.ts'
import { EXPERT_ID, REMOVE_FILES, removeFilesId } from './contract.ts'
import type { FilesInFlight } from './files-in-flight.ts'
import { counted } from './markdown.ts'
import { idsIn, toId } from './requests.ts'

const { markRemoving } = proxyActivities<Activities>(BOOKKEEPING)

/** Takes files out of one expert, by a workflow of its own each time, which ends its work whatever becomes of this run. */
export class Removals {
  readonly #expertId: string
  readonly #inFlight: FilesInFlight
  /** The files of each removal that goes on. */
  readonly #underWay = new Set<readonly string[]>()

  constructor(expertId: string, inFlight: FilesInFlight) {
    this.#expertId = expertId
    this.#inFlight = inFlight
  }

  get areUnderWay(): boolean {
    return this.#underWay.size > 0
  }

  /** Those of the files whose removal does not go on. */
  without(fileIds: readonly string[]): readonly string[] {
    const underWay = new Set([...this.#underWay].flat())
    return fileIds.filter((fileId) => !underWay.has(fileId))
  }

  /** Resolves once none is under way. */
  done(): Promise<void> {
    return condition(() => !this.areUnderWay)
  }

  /** Goes on also when the run is cancelled; `then` is told which files the expert had of these, and is part of it. */
  async remove(
    { fileIds, requestId }: RemoveRequest,
    then: (removed: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const wanted = idsIn(fileIds)
    this.#underWay.add(wanted)
    try {
      await CancellationScope.nonCancellable(async () => {
        const removed = await this.#remove(wanted, toId(requestId) ?? uuid4())
        if (removed.length > 0) await then(removed)
      })
    } finally {
      this.#underWay.delete(wanted)
    }
  }

  async #remove(wanted: readonly string[], requestId: string): Promise<readonly string[]> {
    const fileIds = await markRemoving({ expertId: this.#expertId, fileIds: wanted })
    if (fileIds.length === 0) return fileIds
    await this.#inFlight.takeOut(fileIds)
    try {
      await executeChild<RemoveFilesWorkflow>(REMOVE_FILES, {
        workflowId: removeFilesId(requestId),
        args: [{ expertId: this.#expertId, fileIds }],
        staticSummary: `Remove ${counted(fileIds.length, 'file')}`,
        typedSearchAttributes: [{ key: EXPERT_ID, value: this.#expertId }],
        parentClosePolicy: 'ABANDON',
      })
    } catch (error) {
      // Somebody ended it by hand. The files stay marked, and the next run of this expert removes them.
      if (!(error instanceof ChildWorkflowFailure)) throw error
      log.warn('A removal did not end', { error: error.message })
    }
    return fileIds
  }
}
