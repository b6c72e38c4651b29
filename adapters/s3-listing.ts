import type { S3Client } from '@aws-sdk/client-s3'
import { ListMultipartUploadsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3'
import type { StoredObject, UnfinishedUpload } from '../domain/ports.ts'

/** A thousand objects a request, asked for when the ones before have been used. */
export async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<StoredObject, void> {
  const query = { Bucket: bucket, Prefix: prefix }
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, query, {
    ...(signal && { abortSignal: signal }),
  }))
    for (const { Key, Size = 0, LastModified } of Contents)
      if (Key && LastModified) yield { key: Key, size: Size, modified: LastModified }
}

/** Multipart uploads that are neither complete nor aborted; the SDK has no paginator for them. */
export async function* listUploads(
  client: S3Client,
  bucket: string,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<UnfinishedUpload, void> {
  let marker = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker })
    const page = await client.send(command, { ...(signal && { abortSignal: signal }) })
    for (const { Key, UploadId, Initiated } of page.Uploads ?? [])
      if (Key && UploadId && Initiated) yield { key: Key, id: UploadId, since: Initiated }
    if (!page.IsTruncated) return
    marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
}
