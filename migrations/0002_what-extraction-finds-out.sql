-- Up Migration

-- What a file says of itself.
alter table files add column if not exists title varchar(255);
alter table files add column if not exists author varchar(255);

-- Damaged pages, whose text is missing in the expert.
alter table expert_files add column pages_skipped integer;

update experts set summary = jsonb_set(summary, '{totals,pages_skipped}', '0') where summary is not null;

-- Down Migration

alter table expert_files drop column pages_skipped;
alter table files drop column author;
alter table files drop column title;
