import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { findExpert } from './find-expert.ts'
import { apiCommand, watchOption } from './options.ts'
import { showExpert } from './status.ts'

type Options = ApiOptions & { readonly file?: readonly string[]; readonly watch?: boolean }

export const retry = () =>
  apiCommand('retry', 'Process the failed files of an expert again. Resumes one that is paused.')
    .argument('<expert>', 'its id, or its name')
    .option('--file <id...>', 'these files; else all that failed or were cancelled')
    .addOption(watchOption())
    .action(async (wanted: string, options: Options) => {
      const api = connectApi(options)
      const { id } = await findExpert(api, wanted)
      await showExpert(api, await api.experts.retry(id, options.file), options)
    })
