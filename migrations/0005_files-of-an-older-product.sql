-- Up Migration

-- A table of files that an older product left: rows are completed, what forbids new rows is lifted. Nothing here reads a
-- content or rewrites the table, and no row goes. In a table of our own there is nothing to do.

-- Where the session's time zone is UTC, a timestamp becomes a timestamptz without a rewrite; it is taken for UTC.
set local timezone to 'UTC';

do $$
declare
  found record;
  content_type text;
begin
  for found in
    select attname from pg_attribute
    where attrelid = 'files'::regclass and attname in ('created_at', 'updated_at') and atttypid = 'timestamp'::regtype
  loop
    execute format('alter table files alter column %I type timestamptz', found.attname);
  end loop;

  for found in
    select attname, length from pg_attribute
    join (values ('name', 255), ('original_name', 255), ('type', 100), ('s3_key', 500), ('document_type', 50),
      ('language', 10), ('processing_status', 20), ('title', 255), ('author', 255)) as ours (attname, length) using (attname)
    where attrelid = 'files'::regclass and atttypid = 'varchar'::regtype and atttypmod between 0 and length + 3
  loop
    execute format('alter table files alter column %I type varchar(%s)', found.attname, found.length);
  end loop;
  alter table files alter column s3_url type text;

  -- New rows have no content, and nothing in columns that are not ours.
  for found in
    select attname from pg_attribute
    where attrelid = 'files'::regclass and attnum > 0 and attnotnull and not attisdropped and not atthasdef
      and attidentity = '' and attname <> 'id'
  loop
    execute format('alter table files alter column %I drop not null', found.attname);
  end loop;

  -- Who users are, and what a status may be, is told by the API now.
  for found in
    select conname from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any (conkey)
    where conrelid = 'files'::regclass and contype in ('c', 'f')
      and attname in ('user_id', 'processing_status', 'content') group by conname
  loop
    execute format('alter table files drop constraint %I', found.conname);
  end loop;

  select atttypid::regtype::text into content_type from pg_attribute
  where attrelid = 'files'::regclass and attname = 'content' and not attisdropped;
  if content_type not in ('bytea', 'text', 'character varying') then
    raise exception 'files.content has the type %; only bytea and text can be taken over. Rename the column, then start again.', content_type;
  end if;
  if content_type is not null then
    alter table files alter column content drop not null, alter column content drop default;
    -- A row that points to an object is read from there; an empty content beside it stands for none.
    execute $sql$
      update files set content = null
      where octet_length(content) = 0 and s3_key <> '' and coalesce(s3_url, '') not like 'temp:%'
    $sql$;
    execute $sql$
      update files set size = octet_length(content), s3_key = 'database/' || id,
        s3_url = '/knowledge-base/files/' || id || '/content'
      where content is not null and (coalesce(s3_key, '') = '' or s3_url like 'temp:%')
    $sql$;
  end if;
end $$;

-- Neither a content nor an object.
update files set s3_key = 'not-stored/' || id, s3_url = 'temp://not-stored/' || id, processing_status = 'not_stored'
where coalesce(s3_key, '') = '';

-- What has no owner belongs to the one user that there is until keys are configured.
update files set
  user_id = coalesce(user_id, '00000000-0000-4000-8000-000000000001'),
  original_name = left(coalesce(original_name, name, id::text), 255),
  name = left(coalesce(name, regexp_replace(original_name, '[^A-Za-z0-9._-]+', '_', 'g'), id::text), 255),
  size = coalesce(size, 0),
  type = coalesce(type, 'application/octet-stream'),
  s3_url = coalesce(s3_url, '/knowledge-base/files/' || id || '/content'),
  created_at = coalesce(created_at, updated_at, now()),
  updated_at = coalesce(updated_at, created_at, now())
where num_nulls(user_id, original_name, name, size, type, s3_url, created_at, updated_at) > 0;

-- What an older product called a status says nothing of our experts.
update files set processing_status = 'uploaded'
where processing_status is null
  or processing_status not in ('uploaded', 'not_stored', 'processing', 'processed', 'failed')
  or (processing_status = 'processing' and not exists (select from expert_files where file_id = files.id));

alter table files
  alter column name set not null,
  alter column original_name set not null,
  alter column size set not null,
  alter column type set not null,
  alter column s3_url set not null,
  alter column s3_key set not null,
  alter column created_at set default now(),
  alter column created_at set not null,
  alter column updated_at set default now(),
  alter column updated_at set not null;

-- Down Migration

alter table files alter column created_at drop not null, alter column updated_at drop not null;
