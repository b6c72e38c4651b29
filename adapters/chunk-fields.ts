import type { VectorMatch, VectorRecord } from '../domain/ports.ts'

/** A chunk as vector stores keep it beside its vector. A type, not an interface, so that it fits Pinecone's open metadata. */
export type ChunkFields = {
  file_id: string
  chunk_index: number
  text: string
  tokens: number
  page_start: number
  page_end: number
  heading_path: string[]
  start_offset: number
  end_offset: number
}

export const toFields = ({ fileId, chunk }: Pick<VectorRecord, 'fileId' | 'chunk'>): ChunkFields => ({
  file_id: fileId,
  chunk_index: chunk.index,
  text: chunk.text,
  tokens: chunk.tokens,
  page_start: chunk.pageStart,
  page_end: chunk.pageEnd,
  heading_path: [...chunk.headingPath],
  start_offset: chunk.startOffset,
  end_offset: chunk.endOffset,
})

export const toMatch = (fields: ChunkFields, score: number): VectorMatch => ({
  fileId: fields.file_id,
  chunk: {
    index: fields.chunk_index,
    text: fields.text,
    tokens: fields.tokens,
    pageStart: fields.page_start,
    pageEnd: fields.page_end,
    headingPath: [...fields.heading_path],
    startOffset: fields.start_offset,
    endOffset: fields.end_offset,
  },
  score,
})
