import type { ChatAnswerJson, ChatEventJson, CitationJson } from './api/chat-events.ts'
import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { findExpert } from './find-expert.ts'
import { interruptible } from './interrupt.ts'
import { apiCommand, wholeNumber } from './options.ts'
import { print, printJson, say } from './output.ts'
import { pageRange } from './page-range.ts'
import { plainLine, plainText } from './plain-text.ts'

type Options = ApiOptions & { readonly stream: boolean; readonly topK?: number }

export const ask = () =>
  apiCommand('ask', 'Ask an expert. The answer comes as it is written, then the passages that it cites.')
    .argument('<expert>', 'its id, or its name')
    .argument('<question...>', 'what to ask')
    .option('--top-k <n>', 'how many passages are looked for', wholeNumber(1, 100))
    .option('--no-stream', 'print the answer once it is whole')
    .action(askAndPrint)

async function askAndPrint(wanted: string, words: readonly string[], options: Options): Promise<void> {
  const { json, stream, topK } = options
  const api = connectApi(options)
  const { id } = await findExpert(api, wanted)
  const question = { message: words.join(' '), ...(topK && { top_k: topK }) }
  await interruptible(
    () => 'The answer was not finished.',
    async (signal) => {
      if (json) return printJson(await api.experts.ask(id, question, signal))
      const answer = stream
        ? await printed(api.experts.askStreaming(id, question, signal))
        : await api.experts.ask(id, question, signal)
      if (!stream) process.stdout.write(plainText(answer.answer))
      tellSources(answer)
    },
  )
}

/** Prints an answer as it is written. @returns all of it */
async function printed(events: AsyncIterable<ChatEventJson>): Promise<ChatAnswerJson> {
  let isBegun = false
  try {
    for await (const event of events) {
      if (event.event === 'done') return event
      if (event.event !== 'delta') continue
      process.stdout.write(plainText(event.text))
      isBegun = true
    }
  } catch (error) {
    // What is said of it begins on a line of its own.
    if (isBegun) print()
    throw error
  }
  throw new Error('the events of an answer have no end')
}

function tellSources({ citations, answered, cut_off }: ChatAnswerJson): void {
  print()
  for (const citation of citations) print(source(citation))
  if (!answered) print('(This is not from the files of the expert.)')
  if (cut_off) say('The answer was cut off at CHAT_MAX_TOKENS.')
}

function source(citation: CitationJson): string {
  const { marker, file_name, heading_path } = citation
  return plainLine(`[${marker}] ${[file_name, pageRange(citation), ...heading_path].join(', ')}`)
}
