-- Up Migration

-- Requests that make something, by the Idempotency-Key they came with; kept for a day. The id of what is made is here before
-- it is used, so that a repeat finds what a request made that died before it answered.
create table idempotency_keys (
  user_id uuid not null,
  route varchar(100) not null,
  key varchar(255) not null,
  -- Of what was asked for; null while the bytes of an upload are on their way.
  fingerprint char(64),
  resource_id uuid not null,
  -- Which request works on it, and until when it holds it unless it says that it is alive.
  holder uuid not null,
  held_until timestamptz not null,
  -- The answer, once there is one.
  status integer,
  location text,
  body jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, route, key)
);

create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Raised by those who edit an expert, and not by the progress of its files.
alter table experts add column version integer not null default 1;

-- Down Migration

alter table experts drop column version;
drop table idempotency_keys;
