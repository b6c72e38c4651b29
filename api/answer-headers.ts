type Headers = Readonly<Record<string, { readonly type: 'string'; readonly description: string }>>

const ETAG: Headers = {
  ETag: { type: 'string', description: 'Of what people edit, for If-Match. The progress of files does not change it.' },
}
const LOCATION: Headers = { Location: { type: 'string', description: 'The path of what was made.' } }

/** What the headers of answers tell, by operation and status; X-Request-Id comes with all. */
export const ANSWER_HEADERS: Readonly<Record<string, Readonly<Record<number, Headers>>>> = {
  getExpert: { 200: ETAG },
  updateExpert: { 200: ETAG },
  uploadFile: { 201: LOCATION },
  beginUpload: { 201: LOCATION },
  completeUpload: { 201: LOCATION },
  createExpert: { 202: LOCATION },
  createKey: { 201: LOCATION },
  reindexExpert: { 202: LOCATION },
}
