import { Type } from 'typebox'
import { CURSOR, EXPERT_ID, FILE_ID, KEY_ID, OTHER_USER_ID, UPLOAD_ID } from './examples/ids.ts'

/* What stands in the address of a request. */

const idOf = (what: string, example: string) =>
  Type.String({ format: 'uuid', description: `Of the ${what}.`, examples: [example] })

export const FileParams = Type.Object({ id: idOf('file', FILE_ID) })
export const UploadParams = Type.Object({ id: idOf('upload', UPLOAD_ID) })
export const ExpertParams = Type.Object({ id: idOf('expert', EXPERT_ID) })
export const ExpertFileParams = Type.Object({ ...ExpertParams.properties, fileId: idOf('file', FILE_ID) })
export const UserParams = Type.Object({ id: idOf('user', OTHER_USER_ID) })
export const KeyParams = Type.Object({ id: idOf('API key', KEY_ID) })

export const PageQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100, description: 'Items on a page.', examples: [100] }),
  cursor: Type.Optional(
    Type.String({ maxLength: 500, description: 'next_cursor of the page before.', examples: [CURSOR] }),
  ),
})
