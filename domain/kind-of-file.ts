import type { StoredFile } from './file.ts'

/** What a file may be by its name and its declared type: readers look at the content, and know better. */
export type KindOfFile = 'text' | 'table' | 'web' | 'pdf' | 'office' | 'picture' | 'unreadable' | 'unknown'

const BY_ENDING: Readonly<Record<string, KindOfFile>> = Object.fromEntries(
  (
    [
      ['text', 'txt text md markdown rst tex log eml srt vtt'],
      ['table', 'csv tsv json jsonl ndjson xml yaml yml'],
      ['web', 'html htm xhtml'],
      ['pdf', 'pdf'],
      ['office', 'docx docm dotx pptx pptm ppsx xlsx xlsm odt ods odp epub rtf'],
      ['picture', 'png jpg jpeg tif tiff bmp gif webp'],
      ['unreadable', 'zip rar 7z gz tar mp3 wav m4a ogg flac mp4 mov avi mkv exe dll iso doc xls ppt'],
    ] as const
  ).flatMap(([kind, endings]) => endings.split(' ').map((ending) => [ending, kind] as const)),
)

const BY_TYPE: readonly (readonly [type: RegExp, kind: KindOfFile])[] = [
  [/^application\/pdf$/, 'pdf'],
  [/^(audio|video|font)\//, 'unreadable'],
  [/^image\//, 'picture'],
  [/html/, 'web'],
  [/csv|json|xml$/, 'table'],
  [/^text\//, 'text'],
  [/officedocument|opendocument|epub/, 'office'],
]

export function kindOfFile({ originalName, type }: Pick<StoredFile, 'originalName' | 'type'>): KindOfFile {
  const ending = /\.(?<ending>[A-Za-z0-9]{1,10})$/.exec(originalName)?.groups?.ending?.toLowerCase() ?? ''
  return BY_ENDING[ending] ?? BY_TYPE.find(([pattern]) => pattern.test(type))?.[1] ?? 'unknown'
}
