-- Up Migration

-- Where an expert's owner wants to be told how a pass has ended. A table of its own, so that whatever reads experts does not
-- read secrets: each must be readable, since it signs.
create table expert_callbacks (
  expert_id uuid primary key references experts (id) on delete cascade,
  url varchar(2000) not null,
  secret varchar(100) not null,
  -- The one before it, which signs too until then.
  secret_before varchar(100),
  both_until timestamptz
);

-- What is to be told and was not yet: the very bytes, so that each try sends the same.
create table webhook_events (
  id uuid primary key,
  expert_id uuid not null references experts (id) on delete cascade,
  body text not null,
  created_at timestamptz not null default now()
);

create index webhook_events_of_expert on webhook_events (expert_id);

-- Down Migration

drop table webhook_events;
drop table expert_callbacks;
