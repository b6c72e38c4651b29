import type { StoredFile } from './file.ts'
import type { CallOptions, NewFile, PageOf, PageRequest, UnfinishedUpload } from './ports.ts'

export type DirectUploadStatus = 'open' | 'completed' | 'aborted' | 'refused'

/** What the store has: size in bytes; `sha256` where it came to be taken. */
export type FoundContent = { readonly size: number; readonly sha256: string | null }

/** A file that its client sends to the object store itself, in parts. The id is that of the file, once there is one. */
export type DirectUpload = Pick<StoredFile, 'id' | 'userId' | 'name' | 'originalName' | 'size' | 'type' | 's3Key'> & {
  /** As promised: lower-case hexadecimal. */
  readonly sha256: string
  /** What the store calls it. */
  readonly storeId: string
  /** In bytes; the last part has what is left. */
  readonly partSize: number
  readonly status: DirectUploadStatus
  /** Of one that was refused. */
  readonly found: FoundContent | null
  readonly createdAt: Date
  /** From then on it takes nothing more, and may be swept. */
  readonly expiresAt: Date
}

/** 1 GB in 64 parts; a part that breaks off is sent again as a whole. Stores take 5 MB or more, and 10,000 of them. */
export const PART_BYTES = 16 * 1_048_576

/** `number` counts from 1; `offset` and `size` in bytes. */
export type PlannedPart = { readonly number: number; readonly offset: number; readonly size: number }

/** The parts of a file that is not empty, in order. */
export function plannedParts({ size, partSize }: Pick<DirectUpload, 'size' | 'partSize'>): PlannedPart[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, i) => {
    const offset = i * partSize
    return { number: i + 1, offset, size: Math.min(partSize, size - offset) }
  })
}

/** `sha256`: where the store has checked it, in lower-case hexadecimal. */
export type ReceivedPart = {
  readonly number: number
  readonly size: number
  readonly etag: string
  readonly sha256?: string
}

export type UploadRef = Pick<UnfinishedUpload, 'key' | 'id'>

/** A PUT that anybody may send, until it expires, with just these headers. It is a secret. */
export type SignedPut = { readonly url: string; readonly headers: Readonly<Record<string, string>> }

/** `sha256`: where the store is to take these bytes and no others. */
export type PartToSign = Pick<PlannedPart, 'number' | 'size'> & { readonly sha256?: string | undefined }

/**
 * Uploads to the object store whose parts clients send to it themselves. Nothing is under the key until one is finished; from then
 * on, and once it is aborted (`ObjectStore.abortUpload`), what was signed for it is worth nothing.
 * All throw the Failures of an ObjectStore.
 */
export interface DirectUploads {
  /** `checksPart`: the file is one part, whose checksum the store is to check. @returns the store's id of it */
  begin(key: string, options: { contentType: string; checksPart: boolean } & CallOptions): Promise<string>
  /** Without asking the store. */
  sign(upload: UploadRef, part: PartToSign, seconds: number): Promise<SignedPut>
  /** The parts that have come, in order; undefined where it was finished or aborted. */
  received(upload: UploadRef, options?: CallOptions): Promise<ReceivedPart[] | undefined>
  /** Makes the object of these parts. */
  finish(upload: UploadRef, parts: readonly ReceivedPart[], options?: CallOptions): Promise<void>
}

export type NewDirectUpload = Omit<DirectUpload, 'status' | 'found' | 'createdAt' | 'expiresAt'> & {
  readonly lifetimeMs: number
}

/** Who works on an upload: a UUID of one request. */
export type UploadHold = Pick<DirectUpload, 'userId' | 'id'> & { readonly holder: string }

/** Direct uploads of users, each scoped to one. */
export interface DirectUploadStore {
  /** Whether the quota has room for another one, beside those that are open. @throws QuotaExceeded */
  checkRoom(userId: string, bytes: number): Promise<void>
  /** Whether the room that was set aside for one is there still: the quota may have been lowered. @throws QuotaExceeded */
  checkRoomSetAside(userId: string, bytes: number): Promise<void>
  /** Those who begin at the same time are counted one after the other. @throws QuotaExceeded */
  insert(upload: NewDirectUpload): Promise<void>
  find(userId: string, id: string): Promise<DirectUpload | undefined>
  /** Those that are open and whose time is not over, the newest first. */
  listOpen(userId: string, page: PageRequest): Promise<PageOf<DirectUpload>>
  /** Takes or renews the hold on an open upload for so long. @returns false where another has it, or it has ended */
  hold(hold: UploadHold, milliseconds: number): Promise<boolean>
  letGo(hold: UploadHold): Promise<void>
  /**
   * Completes an open upload and makes the file, at once. Undefined where the hold was lost.
   * @throws QuotaExceeded, which leaves it open: once there is room it can be completed
   */
  complete(hold: UploadHold, file: NewFile): Promise<StoredFile | undefined>
  /** Ends an open upload without a file. @returns false where the hold was lost: it is another's to end */
  end(hold: UploadHold, status: 'aborted' | 'refused', found?: FoundContent): Promise<boolean>
}
