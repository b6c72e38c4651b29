import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { BOOKKEEPING } from './activity-options.ts'
import type { DropContentColumnWorkflow } from './contract.ts'

const { dropContentColumn } = proxyActivities<Activities>(BOOKKEEPING)

/** Drops the column of contents that an older product left, unless a file still has its bytes there. */
export const DropContentColumn: DropContentColumnWorkflow = () =>
  dropContentColumn.executeWithOptions({ summary: 'drop the column, if it is empty' }, [])
