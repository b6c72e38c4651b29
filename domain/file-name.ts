const MAX_LENGTH = 255

/**
 * The name that a person gave a file, fit to be shown: the last part of a path, without controls and marks that
 * turn the direction of text around, at most 255 UTF-16 code units.
 */
export function displayName(given: string | undefined): string {
  const last = (given ?? '').toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const visible = last.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu, '').trim()
  return truncate(visible) || 'unnamed'
}

/** The same in letters that are safe in a path, a header and a shell. */
export function safeName(displayed: string): string {
  const plain = displayed.normalize('NFKD').replaceAll(/\p{M}/gu, '')
  return (
    plain
      .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
      .replace(/^[._-]+/, '')
      .slice(0, MAX_LENGTH) || 'file'
  )
}

/** Keeps the ending, which tells a reader what the file is, and whole characters. */
function truncate(name: string): string {
  if (name.length <= MAX_LENGTH) return name
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? ''
  return `${name
    .slice(0, MAX_LENGTH - ending.length - 1)
    .toWellFormed()
    .replace(/\ufffd$/u, '')}…${ending}`
}

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/

/** The declared media type without its parameters, or the type of unknown bytes. It is kept for the client, never relied on. */
export function mediaType(declared: string | undefined): string {
  const type = (declared ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  return MEDIA_TYPE.test(type) && type.length <= 100 ? type : 'application/octet-stream'
}
