import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { Command } from 'commander'
import { bashCompletion } from '../../cli/completion/bash-completion.ts'
import { commandTree } from '../../cli/completion/command-tree.ts'
import { fishCompletion } from '../../cli/completion/fish-completion.ts'
import { zshCompletion } from '../../cli/completion/zsh-completion.ts'
import { createProgram } from '../../cli/program.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Of every command, and told once. */
const COMMON = ['--json', '--url <address>', '--help']
const tree = commandTree(createProgram())

test('docs/cli.md has every command with its arguments and options, and no other', async () => {
  const lines = (await readFile(join(ROOT, 'docs/cli.md'), 'utf8')).split('\n')
  const documented = lines.flatMap((line) => {
    const found = /^### `expertsmith (?<command>[^`]+)`|^\| `(?<option>-[^`]+)` \|/.exec(line)?.groups
    return found?.command ?? found?.option ?? []
  })
  assert.deepEqual(
    documented,
    createProgram().commands.flatMap((command) => linesOf(command)),
  )
})

function linesOf(command: Command, path = ''): string[] {
  const name = `${path} ${command.name()}`.trim()
  if (command.commands.length > 0) return command.commands.flatMap((each) => linesOf(each, name))
  const args = command.registeredArguments.map((each) => {
    const [open, close] = each.required ? '<>' : '[]'
    return ` ${open}${each.name()}${each.variadic ? '...' : ''}${close}`
  })
  const options = command.options.map(({ flags }) => flags).filter((flags) => !COMMON.includes(flags))
  return [`${name}${args.join('')}`, ...options]
}

test('every command that tells something takes --json', () => {
  const without = tree
    .filter(({ path, subcommands }) => path !== 'completion' && subcommands.length === 0 && path !== '')
    .filter(({ options }) => !options.some(({ flag }) => flag === '--json'))
  assert.deepEqual(without, [])
})

describe('completion', () => {
  const run = promisify(execFile)

  /** What bash offers after these words, the last of which is being typed. */
  async function inBash(...words: string[]): Promise<string[]> {
    const script = `${bashCompletion('expertsmith', tree)}
      COMP_WORDS=(expertsmith "$@"); COMP_CWORD=$#; _expertsmith; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', ...words])
    return stdout.trim().split('\n').filter(Boolean)
  }

  test('in bash offers commands, options, and the values of options', async () => {
    assert.deepEqual(await inBash('st'), ['status'])
    assert.deepEqual(await inBash('delete', ''), ['expert', 'file', 'help'])
    assert.deepEqual(await inBash('upload', '--p'), ['--parallel'])
    assert.deepEqual(await inBash('keys', 'create', '--scopes', 'read', 'w'), ['write'])
    assert.deepEqual(await inBash('keys', 'create', '--name', 'keys', '--ex'), ['--expires'])
    assert.deepEqual(await inBash('--url', 'http://x', 'completion', ''), ['bash', 'zsh', 'fish'])
    assert.deepEqual(await inBash('upload', ''), [], 'which leaves it to bash to offer paths')
  })

  test('in bash runs nothing of what is typed', async () => {
    assert.deepEqual(await inBash('upload', '$(echo ran >&2; exit 9)', '`false`', '--j'), ['--json'])
  })

  const isMissing = async (shell: string) => !(await run(shell, ['-c', 'true']).catch(() => undefined))
  const scripts = { zsh: zshCompletion, fish: fishCompletion }
  for (const [shell, make] of Object.entries(scripts))
    test(`is a script that ${shell} can read`, async (t) => {
      if (await isMissing(shell)) return t.skip(`${shell} is not installed`)
      await run(shell, ['-n', '-c', make('expertsmith', tree)])
    })
})
