export { CreateExpert } from './create-expert.ts'
export { DeleteExpert } from './delete-expert.ts'
