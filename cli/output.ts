/* Results go to stdout, so that they can be piped; what is said beside them goes to stderr. */

export const print = (text = ''): void => {
  process.stdout.write(`${text}\n`)
}

export const printJson = (document: unknown): void => print(JSON.stringify(document, null, 2))

export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** `4.2 MB` */
export function bytes(count: number): string {
  const power = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(count, 1)) / 3)), UNITS.length - 1)
  return `${(count / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** `1 file`, `1,200 files` */
export const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`

/** `45 s`, `3 min`, `2 h` */
export function seconds(number: number): string {
  if (number < 90) return `${Math.ceil(number)} s`
  return number < 5_400 ? `${Math.round(number / 60)} min` : `${Math.round(number / 3_600)} h`
}

/** `2026-11-26 18:50`, in the time of this machine. */
export function minute(timestamp: string): string {
  const date = new Date(timestamp)
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16).replace('T', ' ')
}
