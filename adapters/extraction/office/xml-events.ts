import { Parser } from 'htmlparser2'
import { checkNesting } from '../nesting.ts'

export type Attributes = Readonly<Record<string, string | undefined>>

export type XmlListener = {
  readonly open?: (name: string, attributes: Attributes) => void
  readonly text?: (text: string) => void
  readonly close?: (name: string) => void
}

/**
 * Tells what stands in a part of an archive, by names without their prefixes: each writer chooses its own.
 * @throws Unreadable TOO_LARGE where it is nested too deeply
 */
export function readXmlEvents(part: Uint8Array | undefined, { open, text, close }: XmlListener): void {
  let depth = 0
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        checkNesting(++depth)
        open?.(localName(name), withLocalNames(attributes))
      },
      ontext: (data) => text?.(data),
      onclosetag: (name) => {
        depth--
        close?.(localName(name))
      },
    },
    { xmlMode: true },
  )
  for (const text of decodeInSteps(part ?? new Uint8Array())) parser.write(text)
  parser.end()
}

const STEP_BYTES = 1_048_576

/** A part may be longer than a string can be. */
function* decodeInSteps(part: Uint8Array): Generator<string> {
  const decoder = new TextDecoder()
  for (let start = 0; start < part.length; start += STEP_BYTES)
    yield decoder.decode(part.subarray(start, start + STEP_BYTES), { stream: true })
}

const localName = (name: string) => name.slice(name.indexOf(':') + 1)

function withLocalNames(attributes: Attributes): Attributes {
  const local: Record<string, string | undefined> = {}
  for (const name in attributes) local[localName(name)] = attributes[name]
  return local
}
