import { styleText } from 'node:util'
import { Help } from 'commander'
import type { SearchResult } from './api/experts-api.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { findExpert } from './find-expert.ts'
import { apiCommand, wholeNumber } from './options.ts'
import { print, printJson } from './output.ts'
import { pageRange } from './page-range.ts'
import { plainLine, plainText } from './plain-text.ts'

type Options = ApiOptions & { readonly topK: number; readonly file?: string[] }

const WIDTH_WITHOUT_TERMINAL = 100
const INDENT = '   '

export const search = () =>
  apiCommand('search', "Find passages in an expert's knowledge base, best first.")
    .argument('<expert>', 'its id, or its name')
    .argument('<query...>', 'what to look for')
    .option('--top-k <n>', 'how many passages at the most', wholeNumber(1, 100), 5)
    .option('--file <id...>', 'in these files only')
    .action(searchAndPrint)

async function searchAndPrint(wanted: string, words: readonly string[], options: Options): Promise<void> {
  const { topK: top_k, file, json } = options
  const api = connectApi(options)
  const { id } = await findExpert(api, wanted)
  const results = await api.experts.search(id, words.join(' '), { top_k, ...(file && { file_ids: file }) })
  if (json) return printJson(results)
  if (results.length === 0) print('Nothing was found.')
  for (const result of results) print(passage(result))
}

function passage(result: SearchResult): string {
  const { text, file_name, heading_path, score } = result
  const source = [file_name, pageRange(result), ...heading_path].join(' › ')
  return `${styleText('bold', plainLine(source))}  ${score.toFixed(3)}\n${wrapped(plainText(text))}\n`
}

function wrapped(text: string): string {
  const width = (process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL) - INDENT.length
  return new Help().boxWrap(text.trim(), width).replaceAll(/^/gm, INDENT)
}
