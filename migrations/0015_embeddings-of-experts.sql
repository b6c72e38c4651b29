-- Up Migration

-- Whose model an expert was made with, and why that one; of older experts the model's name tells the first, and nobody the second.
-- Sizes of chunks, in tokens, are those of the configuration where the expert has none of its own.
alter table experts
  add column embedding_provider varchar(20),
  add column embedding_reason text,
  add column chunk_tokens integer,
  add column chunk_overlap_tokens integer;

-- Down Migration

alter table experts
  drop column embedding_provider,
  drop column embedding_reason,
  drop column chunk_tokens,
  drop column chunk_overlap_tokens;
