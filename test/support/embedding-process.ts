/* Embeds without end, until it is told by SIGTERM how to end; or a little, and then it has nothing to do any more. */
import { LocalEmbedder } from '../../adapters/local-embedder.ts'

const [modelPath = '', packageDir = '', manner] = process.argv.slice(2)
const embedder = await LocalEmbedder.open({ modelPath, packageDir, threads: 2 })
const texts = Array.from({ length: 64 }, (_, i) => `The tide gauge at pier ${i} is read twice a day. `.repeat(8))

process.on('SIGTERM', async () => {
  if (manner === 'exit') process.exit(0)
  await embedder.close()
})

const forever = manner !== 'rest'
do {
  const embedding = embedder.embed(texts).catch(() => undefined)
  process.send?.('embedding')
  const vectors = await embedding
  if (!vectors) break
} while (forever)
process.disconnect?.()
