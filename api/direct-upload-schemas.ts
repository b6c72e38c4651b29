import type { Static } from 'typebox'
import { Type } from 'typebox'
import type { DirectUpload } from '../domain/direct-upload.ts'
import { PageSchema, Uuid } from './schemas.ts'

const SHA256 = Type.String({ pattern: '^[0-9a-fA-F]{64}$', description: 'Of the whole file, in hexadecimal.' })
const Bytes = Type.Integer({ minimum: 0, description: 'In bytes.' })
const Timestamp = Type.String({ format: 'date-time' })

export const NewDirectUploadSchema = Type.Object({
  original_name: Type.String({ minLength: 1, maxLength: 10_000, examples: ['handbook.pdf'] }),
  size: Type.Integer({ minimum: 1, description: 'In bytes.', examples: [104857600] }),
  type: Type.Optional(Type.String({ maxLength: 255, description: 'The media type.', examples: ['application/pdf'] })),
  sha256: SHA256,
})

const PartSchema = Type.Object({
  part_number: Type.Integer({ minimum: 1 }),
  offset: Bytes,
  size: Bytes,
  method: Type.Literal('PUT'),
  url: Type.String({ description: 'A secret: whoever has it can send this part, and nothing else.' }),
  headers: Type.Record(Type.String(), Type.String(), {
    description: 'To be sent just so. Browsers set content-length by themselves.',
  }),
  expires_at: Timestamp,
})

export const PartsSchema = PageSchema(PartSchema)

export const DirectUploadSchema = Type.Object({
  id: Uuid,
  original_name: Type.String(),
  size: Bytes,
  type: Type.String(),
  sha256: SHA256,
  status: Type.Enum(['open', 'completed', 'aborted', 'refused', 'expired'], {
    description: 'refused: what came was not what had been promised.',
  }),
  part_size: Bytes,
  part_count: Type.Integer({ minimum: 1 }),
  received_parts: Type.Integer({ minimum: 0, description: 'How many have come.' }),
  received_bytes: Bytes,
  file_id: Type.Union([Uuid, Type.Null()], { description: 'Once it is completed.' }),
  parts: Type.Object({ ...PartsSchema.properties }, { description: 'The first hundred of those that have not come.' }),
  created_at: Timestamp,
  expires_at: Timestamp,
})

/** Without what only the store knows: that would be a request for each. */
const OpenUploadSchema = Type.Omit(DirectUploadSchema, ['received_parts', 'received_bytes', 'file_id', 'parts'])
export const OpenUploadsSchema = PageSchema(OpenUploadSchema)

export type PartJson = Static<typeof PartSchema>
export type DirectUploadJson = Static<typeof DirectUploadSchema>

export const isExpired = ({ status, expiresAt }: DirectUpload) => status === 'open' && expiresAt.getTime() <= Date.now()

/** `received`: parts and bytes that have come; `parts`: those that have not. */
export const toDirectUploadJson = (
  upload: DirectUpload,
  received: { readonly parts: number; readonly bytes: number },
  parts: Static<typeof PartsSchema>,
): DirectUploadJson => ({
  ...toOpenUploadJson(upload),
  received_parts: received.parts,
  received_bytes: received.bytes,
  file_id: upload.status === 'completed' ? upload.id : null,
  parts,
})

export const toOpenUploadJson = (upload: DirectUpload): Static<typeof OpenUploadSchema> => ({
  id: upload.id,
  original_name: upload.originalName,
  size: upload.size,
  type: upload.type,
  sha256: upload.sha256,
  status: isExpired(upload) ? 'expired' : upload.status,
  part_size: upload.partSize,
  part_count: Math.ceil(upload.size / upload.partSize),
  created_at: upload.createdAt.toISOString(),
  expires_at: upload.expiresAt.toISOString(),
})
