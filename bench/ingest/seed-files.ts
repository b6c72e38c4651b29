import { createHash, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { DiskObjectStore } from '../../adapters/disk-object-store.ts'
import { migrate, openDatabase } from '../../adapters/postgres-database.ts'
import { PostgresFileStore } from '../../adapters/postgres-file-store.ts'
import { LOCAL_USER_ID } from '../../api/principal.ts'
import { originalKey } from '../../domain/keys.ts'
import { objectDir } from './product-processes.ts'
import type { Servers } from './servers.ts'

export type SeedFile = { readonly name: string; readonly content: Uint8Array }

const AT_A_TIME = 20

/** Files as uploads leave them, object and row, without the uploads. @returns their ids */
export async function seedFiles(
  servers: Servers,
  files: AsyncIterable<SeedFile> | Iterable<SeedFile>,
): Promise<string[]> {
  const database = { url: servers.databaseUrl, connections: AT_A_TIME }
  await migrate(database)
  const pool = openDatabase(database, () => undefined)
  const [rows, objects] = [new PostgresFileStore(pool), new DiskObjectStore({ dir: objectDir(servers) })]
  const ids: string[] = []
  const seedOne = async ({ name, content }: SeedFile) => {
    const id = randomUUID()
    const s3Key = originalKey(LOCAL_USER_ID, id, randomUUID())
    await objects.upload(s3Key, content)
    await rows.insert(newFile(id, s3Key, name, content))
    ids.push(id)
  }
  try {
    await inGroups(files, seedOne)
    return ids
  } finally {
    await pool.end()
  }
}

export async function* readSeeds(paths: readonly string[]): AsyncGenerator<SeedFile> {
  for (const path of paths) yield { name: basename(path), content: await readFile(path) }
}

const newFile = (id: string, s3Key: string, name: string, content: Uint8Array) => ({
  id,
  userId: LOCAL_USER_ID,
  name,
  originalName: name,
  size: content.length,
  type: 'application/octet-stream',
  s3Url: '',
  s3Key,
  sha256: createHash('sha256').update(content).digest('hex'),
  processingStatus: 'uploaded' as const,
})

async function inGroups(files: AsyncIterable<SeedFile> | Iterable<SeedFile>, work: (file: SeedFile) => Promise<void>) {
  const group: Promise<void>[] = []
  for await (const file of files) {
    group.push(work(file))
    if (group.length === AT_A_TIME) await Promise.all(group.splice(0))
  }
  await Promise.all(group)
}
