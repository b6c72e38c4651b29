import { Command, Option } from 'commander'
import { loadCliConfig } from '../config.ts'
import type { Chore, HousekeepingReceipt } from '../domain/housekeeping.ts'
import { CHORES } from '../domain/housekeeping.ts'
import type { HousekeepingWorkflow } from '../workflows/contract.ts'
import { HOUSEKEEPING, housekeepingId } from '../workflows/contract.ts'
import { receiptTable } from './receipt-table.ts'
import { runWorkflow } from './run-workflow.ts'

type Options = { readonly dryRun?: boolean; readonly only?: readonly Chore[]; readonly json?: boolean }

export const housekeeping = () =>
  new Command('housekeeping')
    .description('Finds what is left over when something died in the middle, and starts, aborts or removes it.')
    .option('--dry-run', 'only count and name what would be done')
    .addOption(new Option('--only <chore...>', 'these chores, not all').choices(CHORES))
    .option('--json', 'print the receipt as JSON')
    .action(async (options: Options) => {
      const receipt = await keepHouse(options)
      process.stdout.write(options.json ? `${JSON.stringify(receipt, null, 2)}\n` : receiptTable(receipt))
      if (receipt.chores.some(({ failure }) => failure)) process.exitCode = 1
    })

function keepHouse({ dryRun = false, only }: Options): Promise<HousekeepingReceipt> {
  const config = loadCliConfig()
  const chores = CHORES.filter((chore) => !only || only.includes(chore))
  // A run is joined only where it does just what was asked for: never a dry run for a real one, or the other way round.
  const asked = [...(dryRun ? ['dry-run'] : ['now']), ...(only ? chores : [])].join('-')
  return runWorkflow<HousekeepingWorkflow>(config, {
    type: HOUSEKEEPING,
    workflowId: `${housekeepingId(config.temporal.taskQueue)}-${asked}`,
    summary: dryRun ? 'Housekeeping, dry run' : 'Housekeeping',
    args: [{ dryRun, chores }],
  })
}
