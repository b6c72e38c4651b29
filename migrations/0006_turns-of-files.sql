-- Up Migration

-- Whose turn it is to work on a file: it gets another one when it is tried again, or comes again after it was removed. What
-- a worker that was cut off still does for an earlier one is told by it. Rows of before have none until then.
create sequence expert_file_turns;

alter table expert_files add column turn bigint;
alter table expert_files alter column turn set default nextval('expert_file_turns');

-- Down Migration

alter table expert_files drop column turn;
drop sequence expert_file_turns;
