-- Up Migration

-- Tells whoever listens that an expert, or a file of it, is not as it was: its id, and nothing more, so that a transaction that
-- changes many files tells of it once.
create function tell_of_changed_expert() returns trigger language plpgsql as $$
begin
  perform pg_notify('expert_changes', old.id::text);
  return null;
end
$$;

create function tell_of_changed_file() returns trigger language plpgsql as $$
begin
  perform pg_notify('expert_changes', new.expert_id::text);
  return null;
end
$$;

create function tell_of_added_files() returns trigger language plpgsql as $$
begin
  perform pg_notify('expert_changes', expert_id::text) from (select distinct expert_id from added) experts;
  return null;
end
$$;

create trigger tell_of_changed_expert after update on experts for each row
  when (old.status is distinct from new.status or old.status_reason is distinct from new.status_reason)
  execute function tell_of_changed_expert();

create trigger tell_of_deleted_expert after delete on experts for each row execute function tell_of_changed_expert();

create trigger tell_of_changed_file after update on expert_files for each row
  when (old.status is distinct from new.status or old.stage is distinct from new.stage)
  execute function tell_of_changed_file();

create trigger tell_of_added_files after insert on expert_files referencing new table as added for each statement
  execute function tell_of_added_files();

-- Down Migration

drop trigger tell_of_added_files on expert_files;
drop trigger tell_of_changed_file on expert_files;
drop trigger tell_of_deleted_expert on experts;
drop trigger tell_of_changed_expert on experts;
drop function tell_of_added_files;
drop function tell_of_changed_file;
drop function tell_of_changed_expert;
