-- Up Migration

-- Whoever calls an expert by its name looks for those that have it, newest first.
create index experts_by_name on experts (user_id, name, created_at desc, id desc);

-- Down Migration

drop index experts_by_name;
