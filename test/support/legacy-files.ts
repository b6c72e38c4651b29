import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { migrate } from '../../adapters/postgres-database.ts'
import type { TestDatabase } from './database.ts'
import { createEmptyDatabase } from './database.ts'
import { eventually } from './requests.ts'

/** Tables as older products may have left them. */
export const LEGACY_TABLES = {
  /** The seed's, before it had S3. */
  bytea: `create table files (
    id uuid primary key, name varchar(255) not null, original_name varchar(255) not null, size integer, type varchar(50) not null,
    content bytea not null, user_id uuid, processing_status varchar(20), created_at timestamp, updated_at timestamp)`,
  /** On its way to S3, with the columns of both. */
  text: `create table files (
    id uuid primary key, name text not null, original_name text not null, size bigint, type text, content text not null default '',
    s3_url varchar(255), s3_key varchar(255), checked_by varchar(20) not null, created_at timestamp default now())`,
  /** The least there can be. */
  bare: 'create table files (id uuid not null, original_name varchar(100), content bytea)',
} as const

export type LegacyTable = keyof typeof LEGACY_TABLES

/** A database that no migration has seen, with such a table. */
export async function createLegacyDatabase(table: LegacyTable): Promise<TestDatabase> {
  const database = await createEmptyDatabase()
  await database.pool.query(LEGACY_TABLES[table])
  return database
}

/** Runs the migrations and waits until their connection is gone: a database that is dropped under it would break a test. */
export async function runMigrations({ url, pool }: TestDatabase): Promise<void> {
  try {
    await migrate({ url })
  } finally {
    await eventually(async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and application_name <> 'expertsmith' and backend_type = 'client backend'`,
      )
      assert.deepEqual(rows, [])
    })
  }
}

/** The same with rows, taken over by the migrations. */
export async function takeOver(files: readonly LegacyFile[]): Promise<TestDatabase> {
  const database = await createLegacyDatabase('bytea')
  await insertLegacyFiles(database, files)
  await runMigrations(database)
  return database
}

export type LegacyFile = { readonly id: string; readonly name: string; readonly content: Buffer }

export const legacyFile = (name: string, content: Buffer | string): LegacyFile => ({
  id: randomUUID(),
  name,
  content: Buffer.from(content),
})

/** Into the table `bytea`. */
export async function insertLegacyFiles({ pool }: TestDatabase, files: readonly LegacyFile[]): Promise<void> {
  await pool.query(
    `insert into files (id, name, original_name, type, content)
     select id, name, name, 'application/octet-stream', content from unnest($1::uuid[], $2::text[], $3::bytea[]) as old (id, name, content)`,
    [files.map(({ id }) => id), files.map(({ name }) => name), files.map(({ content }) => content)],
  )
}

export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
