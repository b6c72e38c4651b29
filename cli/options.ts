import { Command, InvalidArgumentError, Option } from 'commander'

/** A command with `--json`, as every command that tells something has. */
export const newCommand = (name: string, description: string): Command =>
  new Command(name).description(description).addOption(jsonOption())

/** A command that speaks to the API. */
export const apiCommand = (name: string, description: string): Command =>
  newCommand(name, description).addOption(urlOption())

const jsonOption = () => new Option('--json', 'print one JSON document, and no progress')

export const urlOption = () =>
  new Option('--url <address>', 'where the API is, instead of API_URL').argParser((address) => {
    if (URL.canParse(address) && /^https?:/.test(address)) return address.replace(/\/+$/, '')
    throw new InvalidArgumentError('It is not an address such as http://127.0.0.1:8000.')
  })

export const watchOption = () => new Option('--watch', 'show progress until the files are through')

export const limitOption = (what: string) =>
  new Option('--limit <n>', `how many ${what} at the most`).argParser(wholeNumber(1, 1_000_000)).default(100)

export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text)
    if (Number.isInteger(number) && number >= min && number <= max) return number
    throw new InvalidArgumentError(
      `It is not a whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}.`,
    )
  }

/** An option that takes some of these, separated by spaces or commas. */
export const someOf = (flags: string, description: string, choices: readonly string[]): Option =>
  new Option(flags, description).choices(choices).argParser((text: string, before: readonly string[] | undefined) => {
    const words = text.split(',').filter(Boolean)
    const unknown = words.find((word) => !(choices as readonly string[]).includes(word))
    if (unknown === undefined) return [...(before ?? []), ...words]
    throw new InvalidArgumentError(`${unknown} is not one of ${choices.join(', ')}.`)
  })
