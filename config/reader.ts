import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import ms from 'ms'
import { ConfigurationError } from './configuration-error.ts'

/** Of the project: `.env` stands there, and relative paths begin there. */
const ROOT = join(import.meta.dirname, '..')

export type Environment = Readonly<Record<string, string | undefined>>

/** The process's own variables, and below them those of `.env`, where there is one. */
export function environment(): Environment {
  try {
    process.loadEnvFile(join(ROOT, '.env'))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  return process.env
}

/** Reads variables and collects what is wrong with them. */
export class Reader {
  readonly #env: Environment
  readonly faults: string[] = []

  constructor(env: Environment) {
    this.#env = env
  }

  /** An empty value counts as unset, as in `S3_ENDPOINT=` of a copied `.env.example`. */
  optional(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback
  }

  path(name: string, fallback: string): string {
    const path = this.text(name, fallback).replace(/^~(?=\/|$)/, homedir())
    return isAbsolute(path) ? path : resolve(ROOT, path)
  }

  oneOf<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name)
    if (value === undefined) return fallback
    const choice = choices.find((each) => each === value)
    if (!choice) this.fault(name, value, `one of ${choices.join(', ')}`)
    return choice ?? fallback
  }

  integer(name: string, fallback: number, { min, max }: { min: number; max: number }): number {
    const value = this.optional(name)
    if (value === undefined) return fallback
    const number = Number(value)
    if (Number.isInteger(number) && number >= min && number <= max) return number
    this.fault(name, value, `a whole number from ${min} to ${max}, such as ${fallback}`)
    return fallback
  }

  /** Unset: there is none. */
  limit(name: string, max = 1_000_000_000_000): number | undefined {
    if (this.optional(name) === undefined) return undefined
    return this.integer(name, 1_000_000, { min: 1, max })
  }

  port(name: string, fallback: number): number {
    return this.integer(name, fallback, { min: 1, max: 65_535 })
  }

  boolean(name: string, fallback: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  /** In milliseconds, from `7d`, `90 minutes`, `10s`. */
  duration(name: string, fallback: ms.StringValue, min = 1): number {
    const value = this.optional(name)
    if (value === undefined) return ms(fallback)
    // Without a unit it would be milliseconds, which nobody means by 120.
    const duration = /\d\s*[a-z]+$/i.test(value) ? ms(value as ms.StringValue) : Number.NaN
    if (duration >= min) return duration
    this.fault(
      name,
      value,
      `a duration with its unit,${min > 1 ? ` ${ms(min)} at the least,` : ''} such as ${fallback}`,
    )
    return ms(fallback)
  }

  /** Its value is never repeated: people paste keys where addresses belong. */
  url(name: string, fallback?: string): string | undefined {
    const value = this.optional(name) ?? fallback
    if (value === undefined || URL.canParse(value)) return value?.replace(/\/+$/, '')
    this.faults.push(`${name} is not an address such as http://127.0.0.1:8000`)
    return fallback
  }

  /** Where the value must not be repeated, since it may hold a secret. */
  secretUrl(name: string, protocols: readonly string[], example: string): string | undefined {
    const value = this.optional(name)
    if (value === undefined) return undefined
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol))
      this.faults.push(`${name} is not an address such as ${example}`)
    else if (isEncoded(new URL(value))) return value
    else this.faults.push(`${name} has a % that begins no code such as %2F; a % of a password is written %25`)
    return undefined
  }

  /** Its value is never repeated. */
  secret(name: string, minLength: number): string | undefined {
    const value = this.optional(name)
    if (value !== undefined && value.length < minLength)
      this.faults.push(`${name} is shorter than ${minLength} characters`)
    return value
  }

  /** Separated by commas or spaces. */
  list(name: string): string[] {
    return this.text(name, '')
      .split(/[\s,]+/)
      .filter(Boolean)
  }

  /** From 0 to 1. */
  share(name: string, fallback: number): number {
    const value = this.optional(name)
    const number = Number(value ?? fallback)
    if (number >= 0 && number <= 1) return number
    this.fault(name, value ?? '', 'a number from 0 to 1, such as 0.1')
    return fallback
  }

  missing(name: string, example: string): void {
    this.faults.push(`${name} is not set; example: ${name}=${example}`)
  }

  /** For a value that may be repeated. */
  fault(name: string, value: string, expected: string): void {
    this.faults.push(`${name}=${value.slice(0, 80)} is not ${expected}`)
  }

  /** Runs a loader and throws everything that it found wrong. */
  static load<T>(env: Environment, read: (from: Reader) => T): T {
    const reader = new Reader(env)
    const config = read(reader)
    if (reader.faults.length > 0) throw new ConfigurationError(reader.faults)
    return config
  }
}

function isEncoded({ username, password, pathname }: URL): boolean {
  try {
    return [username, password, pathname].map(decodeURIComponent).length > 0
  } catch {
    return false
  }
}
