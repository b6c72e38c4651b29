import type { BucketRule } from '../../adapters/s3-bucket-rules.ts'

export type RulesReceipt = { readonly bucket: string; readonly dry_run: boolean; readonly rules: readonly BucketRule[] }

const NAMES = { cors: 'CORS', lifecycle: 'lifecycle' } as const
/** What goes on without it, by id. */
const WITHOUT: Readonly<Record<string, string>> = {
  'expertsmith-direct-uploads': 'Pages cannot send direct uploads; other clients can.',
  'expertsmith-uploads': 'Housekeeping aborts stale uploads without it.',
  'expertsmith-derived': 'What was derived of files is kept until they are deleted.',
}

/** A line for each rule of ours, and one for those of others. */
export function describeRules({ bucket, dry_run, rules }: RulesReceipt, hasOrigins: boolean): string {
  const lines = [
    `Bucket ${bucket}${dry_run ? ' (a dry run: nothing was changed)' : ''}`,
    ...(hasOrigins ? [] : ['–  CORS: left as it is, since no page is named; --origin or CORS_ORIGINS names some']),
    ...rules.map(describeRule),
    ...(['cors', 'lifecycle'] as const).flatMap((kind) => describeOthers(rules, kind)),
  ]
  return `${lines.join('\n')}\n`
}

function describeRule({ kind, id, before, wanted, state, reason }: BucketRule): string {
  const what = `${NAMES[kind]} ${id}`
  const was = before === null ? 'there was none' : `it was ${before}`
  switch (state) {
    case 'unchanged':
      return `✅ ${what}: unchanged (${wanted})`
    case 'set':
      return `✅ ${what}: set to ${wanted}; ${was}`
    case 'missing':
    case 'different':
      return `⚠️ ${what}: would be set to ${wanted}; ${was}`
    case 'failed':
      return `❌ ${what}: failed, ${reason}`
    case 'unsupported':
    case 'refused':
      return `⚠️ ${what}: ${state}, ${reason}. ${WITHOUT[id] ?? ''}`
  }
}

function describeOthers(rules: readonly BucketRule[], kind: BucketRule['kind']): string[] {
  const others = rules.find((rule) => rule.kind === kind)?.others ?? 0
  return others > 0 ? [`   ${others} other ${NAMES[kind]} ${others === 1 ? 'rule was' : 'rules were'} kept`] : []
}
