import type { Connection } from '@temporalio/client'
import proto from '@temporalio/proto'

const { IndexedValueType } = proto.temporal.api.enums.v1
const TYPES = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  INT: IndexedValueType.INDEXED_VALUE_TYPE_INT,
} as const

export type SearchAttributeTypes = Readonly<Record<string, keyof typeof TYPES>>

/**
 * Registers what the namespace lacks, so that a new cluster needs no command by hand.
 * @throws where the server does not let us, as Temporal Cloud does: there they are added in its console
 */
export async function ensureSearchAttributes(
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
  wanted: SearchAttributeTypes,
): Promise<void> {
  const missing = await missingSearchAttributes({ operatorService }, namespace, wanted)
  if (Object.keys(missing).length === 0) return
  const searchAttributes = Object.fromEntries(Object.entries(missing).map(([name, type]) => [name, TYPES[type]]))
  await operatorService.addSearchAttributes({ namespace, searchAttributes })
}

/** Those that the namespace lacks, or has with another type. */
export async function missingSearchAttributes(
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
  wanted: SearchAttributeTypes,
): Promise<SearchAttributeTypes> {
  const { customAttributes = {} } = await operatorService.listSearchAttributes({ namespace })
  return Object.fromEntries(Object.entries(wanted).filter(([name, type]) => customAttributes?.[name] !== TYPES[type]))
}
