import type { Address, Email } from 'postal-mime'
import PostalMime from 'postal-mime'

/** A header's first line at the beginning of a file (RFC 5322), or one of those that mail servers put above it. */
const HEADER = /^(?<name>[A-Za-z][A-Za-z0-9-]*):[ \t]?/
const OF_MAIL = [
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'received',
  'return-path',
  'mime-version',
  'delivered-to',
]
const LEAST_HEADERS = 2

/** Whether the text begins with the headers of a mail. */
export function isEmail(text: string): boolean {
  const found = new Set<string>()
  for (const line of text.slice(0, 10_000).split(/\r?\n/)) {
    if (/^[ \t]/.test(line)) continue
    const name = HEADER.exec(line)?.groups?.name?.toLowerCase()
    if (name === undefined) break
    if (OF_MAIL.includes(name)) found.add(name)
  }
  return found.size >= LEAST_HEADERS
}

export type Mail = {
  readonly subject: string
  readonly author: string
  /** Who wrote what to whom, as lines. */
  readonly head: string
  /** As text, or where the mail has none, as a page of HTML. */
  readonly body: { readonly text: string } | { readonly html: string }
  /** The names of what is attached, as a line; what is in it is not read. */
  readonly attachments: string
}

export async function parseEmail(bytes: Uint8Array): Promise<Mail> {
  const mail = await PostalMime.parse(bytes)
  const names = mail.attachments.map(({ filename }) => filename ?? '').filter((name) => name !== '')
  return {
    subject: mail.subject ?? '',
    author: mail.from ? describe(mail.from) : '',
    head: headOf(mail),
    body: mail.text?.trim() || !mail.html ? { text: mail.text ?? '' } : { html: mail.html },
    attachments: names.length === 0 ? '' : `Attachments: ${names.join(', ')}`,
  }
}

function headOf({ subject, from, to, cc, date }: Email): string {
  const lines = [
    ['Subject', subject ?? ''],
    ['From', from ? describe(from) : ''],
    ['To', (to ?? []).map(describe).join(', ')],
    ['Cc', (cc ?? []).map(describe).join(', ')],
    ['Date', date ?? ''],
  ]
  return lines.flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`])).join('\n')
}

function describe({ name, address, group }: Address): string {
  if (group) return `${name}: ${group.map(describe).join(', ')}`
  return name && address ? `${name} <${address}>` : (address ?? name)
}
