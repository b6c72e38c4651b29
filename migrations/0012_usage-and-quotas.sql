-- Up Migration

-- How many files a user has, and their bytes together: what a quota is compared with, by whichever way a file came. The row is
-- locked by whoever adds a file, so that those who upload at the same time are counted one after the other.
create table file_usage (
  user_id uuid primary key,
  files bigint not null,
  bytes bigint not null
);

-- An API of before may still write: what it has begun is waited for, and what comes after that is counted by the triggers.
lock table files in share row exclusive mode;

insert into file_usage (user_id, files, bytes)
select user_id, count(*), coalesce(sum(size), 0) from files where user_id is not null group by user_id;

create function count_added_files() returns trigger language plpgsql as $$
begin
  insert into file_usage (user_id, files, bytes)
  select user_id, count(*), sum(size) from added where user_id is not null group by user_id order by user_id
  on conflict (user_id) do update
    set files = file_usage.files + excluded.files, bytes = file_usage.bytes + excluded.bytes;
  return null;
end
$$;

create function count_removed_files() returns trigger language plpgsql as $$
begin
  update file_usage set files = file_usage.files - gone.files, bytes = file_usage.bytes - gone.bytes
  from (select user_id, count(*) as files, sum(size) as bytes from removed group by user_id order by user_id) gone
  where file_usage.user_id = gone.user_id;
  return null;
end
$$;

-- Another content, or, by hand, another owner.
create function count_changed_file() returns trigger language plpgsql as $$
begin
  update file_usage set files = files - 1, bytes = bytes - old.size where user_id = old.user_id;
  if new.user_id is not null then
    insert into file_usage (user_id, files, bytes) values (new.user_id, 1, new.size)
    on conflict (user_id) do update set files = file_usage.files + 1, bytes = file_usage.bytes + new.size;
  end if;
  return null;
end
$$;

create trigger count_added_files after insert on files referencing new table as added
  for each statement execute function count_added_files();
create trigger count_removed_files after delete on files referencing old table as removed
  for each statement execute function count_removed_files();
create trigger count_changed_file after update on files for each row
  when ((old.user_id, old.size) is distinct from (new.user_id, new.size)) execute function count_changed_file();

-- What holds for one user instead of the configuration: {"files": 100, "bytes": null}. null: no limit; absent: as configured.
create table user_quotas (
  user_id uuid primary key,
  limits jsonb not null,
  updated_at timestamptz not null default now()
);

-- Tokens that were embedded, or that chats have read and written, on the day (UTC) and at the price of then: a later price changes
-- nothing here.
create table token_usage (
  user_id uuid not null,
  day date not null,
  model varchar(255) not null,
  purpose varchar(20) not null,
  tokens bigint not null,
  -- Of these, what the model of a chat has written.
  completion_tokens bigint not null default 0,
  -- In US dollars, of the tokens whose price was known.
  amount numeric not null,
  unpriced_tokens bigint not null,
  primary key (user_id, day, model, purpose)
);

-- Tokens that somebody is about to pay for. Whoever does the same work again takes the hold of a worker that died.
create table token_holds (
  name text primary key,
  user_id uuid not null,
  tokens bigint not null,
  expires_at timestamptz not null
);

create index token_holds_by_user on token_holds (user_id);

-- What an expert has cost in its whole life.
create table expert_costs (
  expert_id uuid primary key references experts on delete cascade,
  tokens_embedded bigint not null default 0,
  tokens_reused bigint not null default 0,
  amount numeric not null default 0,
  unpriced_tokens bigint not null default 0,
  chat_prompt_tokens bigint not null default 0,
  chat_completion_tokens bigint not null default 0,
  chat_amount numeric not null default 0,
  chat_unpriced_tokens bigint not null default 0
);

-- Of older experts only that is known which their files tell, and no price.
insert into expert_costs (expert_id, tokens_embedded, tokens_reused, unpriced_tokens)
select e.id, sum(tokens - tokens_reused), sum(tokens_reused),
  case when e.embedding_model like 'hashing-%' then 0 else sum(tokens - tokens_reused) end
from experts e join expert_files ef on ef.expert_id = e.id
where ef.status = 'indexed' and ef.tokens is not null and ef.tokens_reused is not null group by e.id;

-- How a file was embedded in an expert, and when it was paid for last: an estimate tells by these whether it has to be paid again.
-- Of older ones nobody knows.
alter table expert_files add column recipe varchar(100), add column embedded_at timestamptz;

-- Down Migration

alter table expert_files drop column recipe, drop column embedded_at;
drop table expert_costs;
drop table token_holds;
drop table token_usage;
drop table user_quotas;
drop trigger count_changed_file on files;
drop trigger count_removed_files on files;
drop trigger count_added_files on files;
drop function count_changed_file;
drop function count_removed_files;
drop function count_added_files;
drop table file_usage;
