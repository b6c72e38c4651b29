/** What a file is, told by its content. `docs/formats.md` is checked against this list. */
export const DOCUMENT_TYPES = [
  'pdf',
  'docx',
  'pptx',
  'xlsx',
  'odt',
  'ods',
  'odp',
  'epub',
  'rtf',
  'html',
  'markdown',
  'text',
  'csv',
  'json',
  'jsonl',
  'xml',
  'email',
  'image',
] as const
export type DocumentType = (typeof DOCUMENT_TYPES)[number]
