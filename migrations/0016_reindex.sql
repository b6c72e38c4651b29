-- Up Migration

-- A generation of an expert's vectors that is made beside the one that serves, with another model or other chunks. Which of the
-- two serves is told by the expert's own row alone, so that it changes in one place.
create table expert_builds (
  expert_id uuid not null references experts on delete cascade,
  generation integer not null,
  -- The one that served when it began.
  previous integer not null,
  -- Of the request that began it, so that one that is repeated finds it.
  request_id uuid not null,
  -- {"provider", "model", "dimensions", "reason", "chunking": {"maxTokens", "overlapTokens"} or null} of either.
  built_with jsonb not null,
  served_with jsonb not null,
  status varchar(20) not null default 'building',
  status_reason text,
  estimate jsonb not null,
  created_at timestamptz not null default now(),
  switched_at timestamptz,
  updated_at timestamptz not null default now(),
  primary key (expert_id, generation)
);

create unique index expert_builds_open on expert_builds (expert_id) where status not in ('done', 'rolled_back', 'cancelled');

-- How far the files are in the generation that does not serve. Those of the one that serves are in expert_files: at the switch the
-- two change places.
create table expert_file_builds (
  expert_id uuid not null,
  generation integer not null,
  file_id uuid not null,
  status varchar(20) not null default 'pending',
  stage varchar(20),
  code varchar(40),
  message text,
  attempts integer not null default 0,
  turn bigint not null default nextval('expert_file_turns'),
  -- Of the bytes that the vectors were made of; null where nobody kept it.
  sha256 char(64),
  pages integer,
  pages_skipped integer,
  -- An upper bound, as in expert_files.
  chunks integer,
  tokens integer,
  tokens_reused integer,
  recipe varchar(100),
  embedded_at timestamptz,
  stage_seconds jsonb,
  updated_at timestamptz not null default now(),
  primary key (expert_id, generation, file_id),
  foreign key (expert_id, file_id) references expert_files on delete cascade
);

create index expert_file_builds_by_file on expert_file_builds (file_id, expert_id);

-- Of older files nobody knows of which bytes their vectors were made.
alter table expert_files add column sha256 char(64);

-- Down Migration

alter table expert_files drop column sha256;
drop table expert_file_builds;
drop table expert_builds;
