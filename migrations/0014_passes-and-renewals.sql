-- Up Migration

-- When the pass began that runs, or ran last, and when the one ended whose summary stands. `updated_at` tells neither: an edit,
-- or a retry that came to nothing, raises it too.
alter table experts add column pass_began_at timestamptz, add column summarized_at timestamptz;
update experts set pass_began_at = updated_at, summarized_at = case when summary is not null then updated_at end;

-- Of the request that made the secret, so that its repeat does not make another.
alter table expert_callbacks add column renewed_by uuid;

-- Down Migration

alter table expert_callbacks drop column renewed_by;
alter table experts drop column summarized_at, drop column pass_began_at;
