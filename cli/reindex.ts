import { Option } from 'commander'
import type { ReindexAction } from '../api/reindex-actions.ts'
import type { ApiClient } from './api/api-client.ts'
import type { ExpertJson } from './api/experts-api.ts'
import type { NewReindex, ReindexJson } from './api/reindex-api.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { describeEstimate, describeReindex } from './describe-reindex.ts'
import { findExpert } from './find-expert.ts'
import { apiCommand, wholeNumber } from './options.ts'
import { print, printJson, say } from './output.ts'
import { UsageError } from './usage-error.ts'
import { tellReindexOutcome, watchReindex } from './watch-reindex.ts'

const PROVIDERS = ['openai', 'local', 'hashing'] as const
const ACTIONS = ['pause', 'resume', 'cancel', 'rollback', 'finish'] as const satisfies ReindexAction[]

type Options = ApiOptions &
  Partial<Record<ReindexAction, boolean>> & {
    readonly embeddings?: (typeof PROVIDERS)[number]
    readonly model?: string
    readonly dimensions?: number
    readonly chunkTokens?: number
    readonly chunkOverlapTokens?: number
    readonly force?: boolean
    readonly dryRun?: boolean
    readonly status?: boolean
    readonly watch?: boolean
  }

export const reindex = () =>
  apiCommand('reindex', 'Give an expert another embedding model, or other chunks, while the old vectors serve.')
    .argument('<expert>', 'its id, or its name')
    .addOption(
      new Option('--embeddings <provider>', 'whose embeddings; unset: those of new experts').choices(PROVIDERS),
    )
    .option('--model <name>', 'which of them; unset: the one that is configured')
    .option('--dimensions <n>', 'the length of the vectors; unset: as configured', wholeNumber(8, 4_096))
    .option('--chunk-tokens <n>', 'the most tokens of a chunk; unset: as configured', wholeNumber(32, 8_192))
    .option('--chunk-overlap-tokens <n>', 'tokens that a chunk repeats of the one before', wholeNumber(0, 4_096))
    .option('--force', 'also where nothing would be different')
    .option('--dry-run', 'only estimate tokens and money')
    .option('--watch', 'show progress until the new vectors serve')
    .option('--status', 'how far the latest one is, or how it ended')
    .option('--pause', 'begin no more files')
    .option('--resume', 'go on, and try failed files again')
    .option('--cancel', 'before the switch: remove what was built')
    .option('--rollback', 'after the switch: have the old vectors serve again')
    .option('--finish', 'after the switch: remove the old vectors now')
    .action(run)

async function run(wanted: string, options: Options): Promise<void> {
  const actions = ACTIONS.filter((each) => options[each])
  const [action] = actions
  if (actions.length + Number(options.status ?? false) > 1)
    throw new UsageError(
      `One at a time: ${[...actions, ...(options.status ? ['status'] : [])].map((each) => `--${each}`).join(', ')}.`,
    )
  const asked = reindexIn(options)
  const others = Object.keys(asked).length > 0 || options.dryRun
  if ((action || options.status) && others)
    throw new UsageError(
      `--${action ?? 'status'} is about a re-index that was begun, so it takes no model and no chunks.`,
    )
  if (action && options.watch)
    throw new UsageError(`--watch goes with --status: expertsmith reindex <expert> --status --watch`)
  const api = connectApi(options)
  const expert = await findExpert(api, wanted)
  if (action) return show(await api.reindexes.ask(expert.id, action), options)
  const begun = options.status ? await api.reindexes.get(expert.id) : await begin(api, expert, asked, options)
  if (!begun) return
  const last = options.watch ? await watchReindex(api, begun, { quiet: options.json ?? false }) : begun
  show(last, options)
  if (options.watch) tellReindexOutcome(last)
}

/** The estimate first. @returns undefined where that is all that was asked for */
async function begin(api: ApiClient, { id }: ExpertJson, asked: NewReindex, { dryRun, json }: Options) {
  const estimate = await api.reindexes.estimate(id, asked)
  if (!dryRun) {
    if (!json) say(describeEstimate(estimate))
    return api.reindexes.begin(id, asked)
  }
  if (json) printJson(estimate)
  else print(describeEstimate(estimate))
  return undefined
}

const reindexIn = ({ embeddings, model, dimensions, chunkTokens, chunkOverlapTokens, force }: Options): NewReindex => ({
  ...(embeddings && { embeddings }),
  ...(model !== undefined && { model }),
  ...(dimensions !== undefined && { dimensions }),
  ...(chunkTokens !== undefined && { chunk_tokens: chunkTokens }),
  ...(chunkOverlapTokens !== undefined && { chunk_overlap_tokens: chunkOverlapTokens }),
  ...(force && { force }),
})

function show(found: ReindexJson, { json }: Options): void {
  if (json) printJson(found)
  else print(describeReindex(found))
}
