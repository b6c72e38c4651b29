import type { RemovalReceipt } from './contract.ts'
import { counted, escapeCell, renderDetails, renderTable } from './markdown.ts'

/** What the Web UI shows of a removal, as Markdown. `names`: of the files, or of some of them. */
export function renderRemoval(receipt: RemovalReceipt, names: readonly string[] = []): string {
  const { files_removed, vectors_deleted, vectors_left, artefacts_deleted } = receipt
  return renderDetails(
    `Removed ${counted(files_removed, 'file')}`,
    renderTable(
      ['', ''],
      [
        ['Vectors deleted', String(vectors_deleted)],
        ['Vectors left, as the store says', String(vectors_left)],
        ['Objects with text and embeddings deleted, which nobody else used', String(artefacts_deleted)],
      ],
    ),
    renderTable(
      ['File'],
      names.map((name) => [escapeCell(name)]),
    ),
  )
}
