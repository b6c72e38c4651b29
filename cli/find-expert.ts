import type { ApiClient } from './api/api-client.ts'
import type { ExpertJson } from './api/experts-api.ts'
import { minute } from './output.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export const isId = (text: string): boolean => UUID.test(text)

/** By its id, or by its exact name. @throws Error that lists the candidates, where several have this name */
export async function findExpert({ experts }: ApiClient, idOrName: string): Promise<ExpertJson> {
  if (isId(idOrName)) return experts.get(idOrName)
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
