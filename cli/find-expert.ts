import { isUuid } from '../domain/is-uuid.ts'
import type { ApiClient } from './api/api-client.ts'
import type { ExpertJson } from './api/experts-api.ts'
import { minute } from './output.ts'

/** By its id, or by its exact name. @throws Error that lists the candidates, where several have this name */
export async function findExpert({ experts }: ApiClient, idOrName: string): Promise<ExpertJson> {
  if (isUuid(idOrName)) return experts.get(idOrName)
  const found = await Array.fromAsync(experts.named(idOrName))
  const [expert] = found
  if (!expert) throw new Error(`There is no expert named "${idOrName}". expertsmith status lists them.`)
  if (found.length > 1)
    throw new Error(
      `${found.length} experts are named "${idOrName}"; say which by its id:\n${found.map(toLine).join('\n')}`,
    )
  return expert
}

const toLine = ({ id, status, progress, created_at }: ExpertJson) =>
  `  ${id}  ${status}, ${progress.files} files, made ${minute(created_at)}`
