/* A program that does nothing but read the file that it is told of, with so much memory, and say what came of it. */
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { Failure } from '../../domain/failure.ts'
import { extractionConfig } from './extraction-config.ts'

const [path = '', memoryMb] = process.argv.slice(2)
const extractor = new ProcessTextExtractor({ ...extractionConfig, memoryMb: Number(memoryMb) })
const outcome = await extractor.extract(path).then(
  () => 'text',
  (error: unknown) => (error instanceof Failure ? error.code : String(error)),
)
await extractor.close()
process.stdout.write(outcome)
