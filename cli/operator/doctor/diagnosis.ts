import { openEmbedders } from '../../../adapters/embedders.ts'
import { PostgresApiKeyStore } from '../../../adapters/postgres-api-key-store.ts'
import { openDatabase } from '../../../adapters/postgres-database.ts'
import { lengthsInUse } from '../../../adapters/postgres-vector-use.ts'
import { S3BucketRules } from '../../../adapters/s3-bucket-rules.ts'
import { bucketLifetimes } from '../../../adapters/wanted-bucket-rules.ts'
import type { DoctorConfig } from '../../../config.ts'
import { apiChecks } from './api-checks.ts'
import { askingChecks } from './asking-checks.ts'
import { backupChecks } from './backup-checks.ts'
import type { Group, Result } from './check.ts'
import { CheckRuns } from './check-runs.ts'
import { configurationChecks } from './configuration-checks.ts'
import { embeddingChecks, unopened } from './embedding-checks.ts'
import { objectChecks } from './object-checks.ts'
import { postgresChecks } from './postgres-checks.ts'
import { redaction } from './redaction.ts'
import { temporalChecks } from './temporal-checks.ts'
import { vectorChecks } from './vector-checks.ts'

export type GroupResult = { readonly name: string; readonly results: readonly Result[] }

const LIMITS = { connectTimeoutMs: 5_000, queryTimeoutMs: 5_000 }

/** Runs all checks at the same time, as far as they do not need each other, and gives the groups in the order of reading. */
export async function* diagnose(config: DoctorConfig): AsyncGenerator<GroupResult, void> {
  const database = openDatabase({ ...config.api.database, connections: 2 }, () => undefined, LIMITS)
  const postgres = postgresChecks(config.api.database)
  // To open a local model takes a while, in which others are told.
  const embedders = openEmbedders(config.worker.embeddings)
  const dimensions = embedders.then(({ chosen }) => chosen.dimensions).catch(() => undefined)
  const groups: Groups = [
    configurationChecks({
      config,
      database: postgres.migrated,
      hasKeys: () => new PostgresApiKeyStore(database).hasAny(),
    }),
    postgres,
    temporalChecks(config.worker),
    objectChecks(config.worker.objects, (bucket) => {
      const rules = new S3BucketRules(bucket)
      // That a bucket has longer lifetimes is the operator's choice.
      const lifetimes = bucketLifetimes({ ...config.worker, ...config.api })
      return () => rules.survey({ ...lifetimes, origins: config.api.corsOrigins })
    }),
    dimensions.then((dimensions) =>
      vectorChecks({
        config: config.worker.vectors,
        dimensions,
        database: postgres.migrated,
        lengthsInUse: () => lengthsInUse(database),
      }),
    ),
    embedders.then((opened) => embeddingChecks(config.worker.embeddings, opened), unopened),
    askingChecks(config.api.chat),
    apiChecks(config),
    backupChecks(config.api.database, postgres.checks[0] ?? postgres.migrated),
  ]
  try {
    yield* run(groups, redaction(config))
  } finally {
    await Promise.allSettled(groups.map(async (group) => (await group).close?.()))
    await Promise.allSettled([database.end(), embedders.then((opened) => opened.close())])
  }
}

type Groups = readonly (Group | Promise<Group>)[]

async function* run(groups: Groups, redact: (result: Result) => Result): AsyncGenerator<GroupResult, void> {
  const runs = new CheckRuns()
  const running = groups.map(async (group) => {
    const { name, checks } = await group
    const results = await Promise.all(checks.map((check) => runs.result(check)))
    return { name, results: results.map(redact) }
  })
  for (const group of running) yield await group
}
