-- Up Migration

-- Who is doing what several workers might do at once, such as embedding the same text. A lease of the dead expires.
create table leases (
  name text primary key,
  holder uuid not null,
  expires_at timestamptz not null
);

-- Token buckets that all workers share: until when what was granted so far lasts.
create table rate_limits (
  name text primary key,
  paid_until timestamptz not null
);

-- Down Migration

drop table rate_limits;
drop table leases;
