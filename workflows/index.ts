export { CreateExpert } from './create-expert.ts'
export { DeleteExpert } from './delete-expert.ts'
export { DeleteFile } from './delete-file.ts'
export { RemoveFiles } from './remove-files.ts'
