import type { ExtractedText } from '../../domain/ports.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

function faultsOfString(name: string, value: unknown): string[] {
  if (typeof value !== 'string') return [`${name} is ${typeof value}`]
  return [
    ...(value.isWellFormed() ? [] : [`${name} has a lone surrogate`]),
    ...(CONTROLS.test(value) ? [`${name} has a control character`] : []),
  ]
}

/** What a text has that no text may have. */
export function faultsOf({ pages, ...text }: ExtractedText): string[] {
  const count = (value: number, least: number) => Number.isSafeInteger(value) && value >= least
  return [
    ...(pages.some((page) => page.text.trim() !== '') ? [] : ['has no text']),
    ...(pages.every(({ number }, index) => number === index + 1) ? [] : ['pages are not numbered from 1']),
    ...pages.flatMap((page) => faultsOfString(`page ${page.number}`, page.text)),
    ...[text.title ?? '', text.author ?? ''].flatMap((line) => faultsOfString('title or author', line)),
    ...[text.language, text.documentType].flatMap((word) => faultsOfString('language or type', word)),
    ...(count(text.wordCount, 0) && count(text.pagesSkipped, 0) ? [] : ['counts are not numbers']),
  ]
}
