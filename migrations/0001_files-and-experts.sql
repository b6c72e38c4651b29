-- Up Migration

-- The seed's table; `if not exists`, since an older product may have left one, with a content column.
create table if not exists files (
  id uuid primary key,
  name varchar(255) not null,
  original_name varchar(255) not null,
  size integer not null,
  type varchar(100) not null,
  s3_url text not null,
  s3_key varchar(500) not null,
  user_id uuid,
  document_type varchar(50),
  language varchar(10),
  word_count integer,
  page_count integer,
  processing_status varchar(20),
  created_at timestamptz default now(),
  updated_at timestamptz default now()
);

-- What one that was left lacks. The rest is done once all of ours is there, in 0005.
alter table files
  add column if not exists name varchar(255),
  add column if not exists original_name varchar(255),
  add column if not exists size integer,
  add column if not exists type varchar(100),
  add column if not exists s3_url text,
  add column if not exists s3_key varchar(500),
  add column if not exists user_id uuid,
  add column if not exists document_type varchar(50),
  add column if not exists language varchar(10),
  add column if not exists word_count integer,
  add column if not exists page_count integer,
  add column if not exists processing_status varchar(20),
  add column if not exists created_at timestamptz default now(),
  add column if not exists updated_at timestamptz default now(),
  add column if not exists sha256 char(64);

do $$ begin
  if not exists (select from pg_index where indrelid = 'files'::regclass and indisprimary) then
    alter table files add primary key (id);
  end if;
end $$;

create index files_by_user on files (user_id, created_at desc, id desc);

create table experts (
  id uuid primary key,
  user_id uuid not null,
  name varchar(255) not null,
  system_prompt text not null,
  voice_id varchar(255),
  status varchar(20) not null default 'queued',
  status_reason text,
  summary jsonb,
  generation integer not null default 1,
  embedding_model varchar(255) not null,
  embedding_dimensions integer not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index experts_by_user on experts (user_id, created_at desc, id desc);

create table expert_files (
  expert_id uuid not null references experts on delete cascade,
  file_id uuid not null references files,
  -- The order in which files are processed and listed.
  position bigint generated always as identity,
  status varchar(20) not null default 'pending',
  stage varchar(20),
  code varchar(40),
  message text,
  attempts integer not null default 0,
  pages integer,
  -- An upper bound of the chunks that the vector store may hold for this file; written before the first of them is.
  chunks integer,
  tokens integer,
  tokens_reused integer,
  stage_seconds jsonb,
  updated_at timestamptz not null default now(),
  primary key (expert_id, file_id)
);

create index expert_files_in_order on expert_files (expert_id, position);
create index expert_files_by_status on expert_files (expert_id, status, position);
create index expert_files_by_file on expert_files (file_id);

-- Down Migration

drop table expert_files;
drop table experts;
drop table files;
