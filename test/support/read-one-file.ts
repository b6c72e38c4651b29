/* Reads the file that it is told of, and is killed meanwhile, by a test. */
import { ProcessTextExtractor } from '../../adapters/process-text-extractor.ts'
import { extractionConfig } from './extraction-config.ts'

await new ProcessTextExtractor(extractionConfig).extract(process.argv[2] ?? '')
