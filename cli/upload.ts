import type { ApiOptions } from './connect-api.ts'
import { connectApi } from './connect-api.ts'
import { tellFailures } from './exit-codes.ts'
import { apiCommand, wholeNumber } from './options.ts'
import { print, printJson } from './output.ts'
import { plainLine } from './plain-text.ts'
import type { Uploaded } from './upload/upload-files.ts'
import { uploadPaths } from './upload/upload-paths.ts'

type Options = ApiOptions & { readonly parallel: number }

export const PARALLEL = 4

export const upload = () =>
  apiCommand('upload', 'Upload files, and all files in folders. Prints the id of each, and its path.')
    .argument('<path...>', 'files and folders; of folders hidden files and symbolic links are left out')
    .option('--parallel <n>', 'how many at once', wholeNumber(1, 64), PARALLEL)
    .action(uploadAndPrint)

async function uploadAndPrint(paths: readonly string[], options: Options): Promise<void> {
  const { json = false, parallel } = options
  const lines = new IdLines(json)
  try {
    const onUploaded = (file: Uploaded) => lines.add(file)
    const { files, failed } = await uploadPaths(connectApi(options), paths, { parallel, quiet: json, onUploaded })
    if (json) printJson({ files, failed })
    tellFailures(failed.length, files.length + failed.length)
  } finally {
    lines.flush()
  }
}

/** `id<TAB>path` of each file as it is uploaded; on a terminal, where a bar is moving, in the end. */
class IdLines {
  readonly #silent: boolean
  #held: string[] = []

  constructor(silent: boolean) {
    this.#silent = silent
  }

  add({ id, path }: Uploaded): void {
    if (this.#silent) return
    this.#held.push(`${id}\t${plainLine(path)}`)
    if (!process.stdout.isTTY) this.flush()
  }

  flush(): void {
    for (const line of this.#held) print(line)
    this.#held = []
  }
}
