import type { FileContext, FileRuns, RunStore } from '../domain/ports.ts'

type EitherRuns = FileRuns & Pick<RunStore, 'find'>

/** Keeps the rows of what serves, and of what is built beside it, each by whoever knows them. */
export function fileRuns(serving: RunStore, builds: FileRuns): EitherRuns {
  const of = (file: FileContext): FileRuns => (file.build === undefined ? serving : builds)
  return {
    find: (expertId) => serving.find(expertId),
    beginStage: (file, ...rest) => of(file).beginStage(file, ...rest),
    isCurrent: (file, ...rest) => of(file).isCurrent(file, ...rest),
    expectChunks: (file, ...rest) => of(file).expectChunks(file, ...rest),
    accountFor: (file, ...rest) => of(file).accountFor(file, ...rest),
    isIndexed: (file) => of(file).isIndexed(file),
    possibleChunks: (file) => of(file).possibleChunks(file),
    markIndexed: (file, ...rest) => of(file).markIndexed(file, ...rest),
    markFailed: (file, ...rest) => of(file).markFailed(file, ...rest),
    postpone: (file) => of(file).postpone(file),
  }
}
