-- Up Migration

-- Who may use the API. The key itself is nowhere: its hash finds it, its prefix tells people which one it is.
create table api_keys (
  id uuid primary key,
  user_id uuid not null,
  name varchar(255) not null,
  prefix varchar(20) not null,
  hash bytea not null unique,
  scopes varchar(20)[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create index api_keys_newest_first on api_keys (created_at desc, id desc);

-- Down Migration

drop table api_keys;
