import { Type } from 'typebox'

type Example = { readonly event: string; readonly data: string; readonly id?: string }

/** A stream as OpenAPI 3.1 describes it, whose schema is that of one event. */
export const eventStreamContent = (names: readonly string[], examples: readonly Example[]) => ({
  'text/event-stream': {
    schema: Type.Object({
      event: Type.Enum([...names]),
      data: Type.String({ contentMediaType: 'application/json' }),
      id: Type.Optional(Type.String({ pattern: '^\\d+$' })),
    }),
    examples: Object.fromEntries(examples.map((value) => [value.event, { value }])),
  },
})
