import type { Parts } from './unpack.ts'
import { readXmlEvents } from './xml-events.ts'

/** Turns the number of a cell into what its reader sees. */
export type CellFormat = (value: number) => string

/** Beyond its 15th digit a fraction is noise: 0.30000000000000004 is shown as 0.3. */
export const asNumber: CellFormat = (value) =>
  String(Number.isSafeInteger(value) ? value : Number(value.toPrecision(15)))

const asPercentage: CellFormat = (value) => `${asNumber(value * 100)}%`

/** Codes of the formats that every program knows (ECMA-376 part 1, 18.8.30). */
const KNOWN: readonly (readonly [from: number, to: number, code: string])[] = [
  [9, 10, '0%'],
  [14, 17, 'yyyy-mm-dd'],
  [18, 21, 'hh:mm:ss'],
  [22, 22, 'yyyy-mm-dd hh:mm'],
  [27, 31, 'yyyy-mm-dd'],
  [32, 35, 'hh:mm:ss'],
  [36, 36, 'yyyy-mm-dd'],
  [45, 47, '[h]:mm:ss'],
  [50, 58, 'yyyy-mm-dd'],
]

/** The format of each cell style, by its number. `epochDays` are added to a date's days, to count from 1900. */
export function cellFormats(styles: Parts, epochDays: number): CellFormat[] {
  const codes = new Map<string, string>()
  const formats: CellFormat[] = []
  let ofCells = false
  readXmlEvents(styles.get('xl/styles.xml'), {
    open: (name, { numFmtId = '', formatCode = '' }) => {
      if (name === 'numFmt') codes.set(numFmtId, formatCode)
      else if (name === 'cellXfs') ofCells = true
      else if (name === 'xf' && ofCells) formats.push(cellFormat(codes.get(numFmtId) ?? knownCode(numFmtId), epochDays))
    },
    close: (name) => {
      if (name === 'cellXfs') ofCells = false
    },
  })
  return formats
}

const knownCode = (id: string) => KNOWN.find(([from, to]) => Number(id) >= from && Number(id) <= to)?.[2] ?? ''

/** In a format's code: text in quotes, a character as it is, room for one, and what is in brackets but elapsed time. */
const LITERALS = /"[^"]*"|\\.|_.|\[(?!(?:h+|m+|s+)\])[^\]]*\]/gi

function cellFormat(code: string, epochDays: number): CellFormat {
  const [positive = ''] = code.replaceAll(LITERALS, '').split(';')
  if (positive.includes('%')) return asPercentage
  if (/\[[hms]+\]/i.test(positive)) return asDuration
  // An m between hours and seconds is of minutes.
  const hasTime = /[hs]/i.test(positive)
  const hasDate = /[yd]/i.test(positive) || (!hasTime && /m/i.test(positive) && !/general/i.test(positive))
  if (!hasDate && !hasTime) return asNumber
  return (value) => asDate(value + epochDays, hasDate, hasTime) ?? asNumber(value)
}

const SECONDS_A_DAY = 86_400
/** Days from the beginning of 1900, as spreadsheets count them, to that of 1970. */
const DAYS_TO_1970 = 25_569
/** The 31st of December 9999. */
const LAST_DAY = 2_958_465
/** Spreadsheets take 1900 for a leap year, so that the days before this one are one off. */
const FIRST_OF_MARCH_1900 = 61

function asDate(days: number, hasDate: boolean, hasTime: boolean): string | undefined {
  if (!(days >= 0 && days <= LAST_DAY)) return undefined
  const days1970 = days - DAYS_TO_1970 + (days < FIRST_OF_MARCH_1900 ? 1 : 0)
  const [date, time = ''] = new Date(Math.round(days1970 * SECONDS_A_DAY) * 1_000).toISOString().slice(0, 19).split('T')
  const shown = hasTime ? time.replace(/:00$/, '') : ''
  return [hasDate && days >= 1 ? date : '', shown].filter(Boolean).join(' ') || undefined
}

function asDuration(days: number): string {
  const seconds = Math.round(days * SECONDS_A_DAY)
  const parts = [seconds / 3_600, (seconds % 3_600) / 60, seconds % 60].map((part) => String(Math.floor(part)))
  return seconds < 0 ? asNumber(days) : parts.map((part) => part.padStart(2, '0')).join(':')
}
