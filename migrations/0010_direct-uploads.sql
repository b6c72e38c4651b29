-- Up Migration

-- Files that clients send to the object store themselves. The id is that of the file, once there is one. What is addressed by
-- presigned URLs is a multipart upload; the URLs themselves are nowhere.
create table direct_uploads (
  id uuid primary key,
  user_id uuid not null,
  name varchar(255) not null,
  original_name varchar(255) not null,
  size integer not null,
  type varchar(100) not null,
  sha256 char(64) not null,
  s3_key varchar(500) not null unique,
  -- What the store calls the multipart upload.
  store_id text not null,
  part_size integer not null,
  status varchar(20) not null default 'open',
  -- What the store had of an upload that was refused.
  found_size bigint,
  found_sha256 char(64),
  -- Which request completes or aborts it, and until when it holds it unless it says that it is alive.
  holder uuid,
  held_until timestamptz not null default '-infinity',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create index direct_uploads_by_expiry on direct_uploads (expires_at);
-- What a user has begun: for the list, newest first, and for the quota.
create index open_direct_uploads on direct_uploads (user_id, created_at desc, id desc) where status = 'open';

-- Down Migration

drop table direct_uploads;
