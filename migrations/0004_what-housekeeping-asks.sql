-- Up Migration

-- Tells this database from others, whose objects may be in the same bucket.
create table installation (
  id uuid primary key default gen_random_uuid(),
  only_one boolean not null default true unique check (only_one)
);

insert into installation default values;

-- Experts that were deleted. A vector index may be shared with other installations, so that an expert has no row here does
-- not say that it is gone; that it had one does.
create table gone_experts (
  id uuid primary key,
  gone_at timestamptz not null default now()
);

create function remember_gone_expert() returns trigger language plpgsql as $$
begin
  insert into gone_experts (id) values (old.id) on conflict do nothing;
  return null;
end
$$;

create trigger remember_gone_expert after delete on experts for each row execute function remember_gone_expert();

create index if not exists files_by_s3_key on files (s3_key);
create index if not exists files_by_sha256 on files (sha256);
create index experts_in_motion on experts (id) where status in ('queued', 'processing', 'deleting');

-- Down Migration

drop index experts_in_motion;
drop index files_by_sha256;
drop index files_by_s3_key;
drop trigger remember_gone_expert on experts;
drop function remember_gone_expert;
drop table gone_experts;
drop table installation;
