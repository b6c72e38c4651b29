import { activityInfo, getClient } from '@temporalio/activity'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { Expert } from '../../domain/expert.ts'
import type { ExpertInMotion, FileInDeletion, HousekeepingStore, ReindexInMotion } from '../../domain/ports.ts'
import type {
  CreateExpertWorkflow,
  DeleteExpertWorkflow,
  DeleteFileWorkflow,
  ReindexExpertWorkflow,
} from '../../workflows/contract.ts'
import {
  CREATE_EXPERT,
  createExpertId,
  createExpertStart,
  DELETE_EXPERT,
  DELETE_FILE,
  deleteExpertId,
  deleteExpertStart,
  deleteFileId,
  deleteFileStart,
  REINDEX_EXPERT,
  reindexExpertId,
  reindexExpertStart,
} from '../../workflows/contract.ts'
import type { Ports } from '../ports.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'

type Uses = Pick<Ports, 'housekeeping'>
/** What ought to run; `start` tells whether its row still says so. */
type Due = { readonly workflowId: string; readonly status: string; readonly start: () => Promise<boolean> }
type Row = { readonly id: string }

/** The API writes the row, then starts the workflow; that takes it seconds at the most. */
const GRACE_MS = 5 * 60_000
/** So many descriptions are asked for at once. */
const PAGE = 50
const FIRST = '00000000-0000-0000-0000-000000000000'

/**
 * Starts what ought to run and does not: the API died between the row and the start, or somebody terminated the run.
 * Every step of such a workflow may be repeated, so it takes up where the rows say that it stopped.
 */
export const startExperts =
  ({ housekeeping }: Uses) =>
  (input: ChoreInput) =>
    runChore<Due>(input, {
      chore: 'start-experts',
      leftovers: () => stopped(housekeeping, new Date(Date.now() - GRACE_MS)),
      nameOf: ({ workflowId, status }) => `${workflowId} (${status})`,
      settle: async (due) => (await Promise.all(due.map(({ start }) => start()))).filter(Boolean).length,
    })

async function* stopped(housekeeping: HousekeepingStore, before: Date): AsyncGenerator<Due[], void> {
  for await (const experts of pagesById((after) => housekeeping.expertsInMotion({ before, after, limit: PAGE })))
    yield notRunning(experts.map((expert) => dueExpert(housekeeping, expert, before)))
  for await (const reindexes of pagesById((after) => housekeeping.reindexesInMotion({ before, after, limit: PAGE })))
    yield notRunning(reindexes.map((reindex) => dueReindex(housekeeping, reindex, before)))
  for await (const files of pagesById((after) => housekeeping.filesInDeletion({ before, after, limit: PAGE })))
    yield notRunning(files.map((file) => dueDeletion(housekeeping, file, before)))
}

async function* pagesById<T extends Row>(read: (after: string) => Promise<T[]>): AsyncGenerator<T[], void> {
  let page = await read(FIRST)
  for (let last = page.at(-1); last; last = page.at(-1)) {
    yield page
    page = await read(last.id)
  }
}

async function notRunning(due: readonly Due[]): Promise<Due[]> {
  const running = await Promise.all(due.map(({ workflowId }) => isRunning(workflowId)))
  return due.filter((_, i) => !running[i])
}

async function isRunning(workflowId: string): Promise<boolean> {
  try {
    const { status } = await getClient().workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

const dueExpert = (housekeeping: HousekeepingStore, { id, status }: ExpertInMotion, before: Date): Due => ({
  workflowId: status === 'deleting' ? deleteExpertId(id) : createExpertId(id),
  status,
  start: async () => {
    // Read again after the run was found to have ended: a run writes its last status before it ends.
    const expert = await housekeeping.findInMotion(id, before)
    if (expert) await startExpert(expert)
    return expert !== undefined
  },
})

const dueReindex = (
  housekeeping: HousekeepingStore,
  { id, generation, status }: ReindexInMotion,
  before: Date,
): Due => ({
  workflowId: reindexExpertId({ expertId: id, generation }),
  status,
  start: async () => {
    const reindex = await housekeeping.findReindexInMotion(id, before)
    const { taskQueue } = activityInfo()
    if (reindex)
      await getClient().workflow.start<ReindexExpertWorkflow>(REINDEX_EXPERT, {
        ...reindexExpertStart(reindex, reindex.generation),
        taskQueue,
      })
    return reindex !== undefined
  },
})

const dueDeletion = (housekeeping: HousekeepingStore, { id }: FileInDeletion, before: Date): Due => ({
  workflowId: deleteFileId(id),
  status: 'deleting',
  start: async () => {
    const file = await housekeeping.findInDeletion(id, before)
    const { taskQueue } = activityInfo()
    if (file) await getClient().workflow.start<DeleteFileWorkflow>(DELETE_FILE, { ...deleteFileStart(file), taskQueue })
    return file !== undefined
  },
})

async function startExpert(expert: Expert): Promise<void> {
  const { workflow } = getClient()
  const { taskQueue } = activityInfo()
  if (expert.status === 'deleting')
    await workflow.start<DeleteExpertWorkflow>(DELETE_EXPERT, { ...deleteExpertStart(expert), taskQueue })
  else await workflow.start<CreateExpertWorkflow>(CREATE_EXPERT, { ...createExpertStart(expert), taskQueue })
}
