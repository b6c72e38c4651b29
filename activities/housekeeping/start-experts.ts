import { activityInfo, getClient } from '@temporalio/activity'
import { WorkflowNotFoundError } from '@temporalio/client'
import type { Expert } from '../../domain/expert.ts'
import type { ExpertInMotion } from '../../domain/ports.ts'
import type { CreateExpertWorkflow, DeleteExpertWorkflow } from '../../workflows/contract.ts'
import {
  CREATE_EXPERT,
  createExpertId,
  createExpertStart,
  DELETE_EXPERT,
  deleteExpertId,
  deleteExpertStart,
} from '../../workflows/contract.ts'
import type { Ports } from '../ports.ts'
import type { ChoreInput } from './run-chore.ts'
import { runChore } from './run-chore.ts'

type Uses = Pick<Ports, 'housekeeping'>

/** The API writes the row, then starts the workflow; that takes it seconds at the most. */
const GRACE_MS = 5 * 60_000
/** So many descriptions are asked for at once. */
const PAGE = 50
const FIRST = '00000000-0000-0000-0000-000000000000'

/**
 * Starts what ought to run and does not: the API died between the row and the start, or somebody terminated the run.
 * Every step of such a workflow may be repeated, so it takes up where the rows say that it stopped.
 */
export const startExperts = ({ housekeeping }: Uses) => {
  const before = () => new Date(Date.now() - GRACE_MS)
  return (input: ChoreInput) =>
    runChore<ExpertInMotion>(input, {
      chore: 'start-experts',
      leftovers: () => stopped(housekeeping, before()),
      nameOf: (expert) => `${workflowIdOf(expert)} (${expert.status})`,
      settle: async (experts) => {
        const started = await Promise.all(experts.map(({ id }) => startAgain(housekeeping, id, before())))
        return started.filter(Boolean).length
      },
    })
}

async function* stopped(housekeeping: Uses['housekeeping'], before: Date): AsyncGenerator<ExpertInMotion[], void> {
  for (let after = FIRST; ; ) {
    const page = await housekeeping.expertsInMotion({ before, after, limit: PAGE })
    const running = await Promise.all(page.map((expert) => isRunning(workflowIdOf(expert))))
    yield page.filter((_, i) => !running[i])
    const last = page.at(-1)
    if (!last) return
    after = last.id
  }
}

const workflowIdOf = ({ id, status }: ExpertInMotion) =>
  status === 'deleting' ? deleteExpertId(id) : createExpertId(id)

async function isRunning(workflowId: string): Promise<boolean> {
  try {
    const { status } = await getClient().workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

/** The row is read again after the run was found to have ended: a run writes its last status before it ends. */
async function startAgain(housekeeping: Uses['housekeeping'], expertId: string, before: Date): Promise<boolean> {
  const expert = await housekeeping.findInMotion(expertId, before)
  if (expert) await start(expert)
  return expert !== undefined
}

async function start(expert: Expert): Promise<void> {
  const { workflow } = getClient()
  const { taskQueue } = activityInfo()
  if (expert.status === 'deleting')
    await workflow.start<DeleteExpertWorkflow>(DELETE_EXPERT, { ...deleteExpertStart(expert), taskQueue })
  else await workflow.start<CreateExpertWorkflow>(CREATE_EXPERT, { ...createExpertStart(expert), taskQueue })
}
