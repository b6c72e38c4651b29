import type { Command } from 'commander'
import type { Chore } from '../domain/housekeeping.ts'
import { CHORES } from '../domain/housekeeping.ts'
import { tellFailures } from './exit-codes.ts'
import { newCommand, someOf } from './options.ts'
import { printJson } from './output.ts'
import { receiptTable } from './receipt-table.ts'

type Options = { readonly dryRun?: boolean; readonly only?: readonly Chore[]; readonly json?: boolean }

export const housekeeping = (): Command =>
  newCommand('housekeeping', 'Find what is left over when something died in the middle, and start, abort or remove it.')
    .option('--dry-run', 'only count and name what would be done')
    .addOption(someOf('--only <chore...>', 'these chores, not all', CHORES))
    .action(async (options: Options) => {
      // Temporal's client takes longer to load than most commands to run.
      const { runHousekeeping } = await import('./run-housekeeping.ts')
      const receipt = await runHousekeeping(options)
      if (options.json) printJson(receipt)
      else process.stdout.write(receiptTable(receipt))
      tellFailures(receipt.chores.filter(({ failure }) => failure).length, receipt.chores.length)
    })
