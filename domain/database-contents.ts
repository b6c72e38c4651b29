import type { Readable } from 'node:stream'
import type { StoredFile } from './file.ts'
import type { CallOptions } from './ports.ts'

/** A file with bytes in the database. Its key is the `databaseKey`, or that of an object which should hold the same bytes. */
export type DatabaseContent = Pick<StoredFile, 'id' | 'userId' | 's3Key' | 's3Url' | 'sha256' | 'size' | 'type'>

export type ContentCount = { readonly files: number; readonly bytes: number }

/** Where the bytes of a file are from now on. */
export type MovedContent = Pick<StoredFile, 's3Key' | 's3Url' | 'sha256' | 'size'>

/** The bytes that an older product kept in the database, in a column that may be there or not. */
export interface DatabaseContents {
  /** Undefined where there is no such column. */
  count(): Promise<ContentCount | undefined>
  /** Files with bytes in the database in the order of their ids, those behind the id `after`. */
  page(after: string | null, limit: number): Promise<readonly { readonly fileId: string; readonly name: string }[]>
  find(fileId: string): Promise<DatabaseContent | undefined>
  /** In bytes; undefined where there are none. */
  size(fileId: string): Promise<number | undefined>
  /** @throws Failure OBJECT_MISSING where there are none, STORAGE_UNAVAILABLE where they are moved while they are read */
  read(fileId: string, options?: CallOptions): Readable
  /** The key in the file's row; undefined where there is no such file. */
  keyOf(fileId: string): Promise<string | undefined>
  /**
   * Points the row to `moved` and clears the bytes, in one statement, if the row still has the key and the bytes that
   * were copied: `sha256` is theirs. @returns whether it did
   */
  release(content: DatabaseContent, sha256: string, moved: MovedContent): Promise<boolean>
  /** Clears the bytes of a file whose row points elsewhere. */
  clear(fileId: string): Promise<void>
  /** Drops the column unless there are bytes in it. @returns how many files have some; undefined where there is no column */
  dropColumn(): Promise<number | undefined>
}
