// The first tables. Every name begins with `meanwhile_`: the file may hold the user's own tables too.
import type { Migration } from "./migration.js";

export const initialTables: Migration = {
  version: 1,
  name: "initial-tables",
  sql: `
-- Small columns first: reading a status must not walk the overflow pages of a large payload.
create table meanwhile_jobs (
  number integer primary key, -- the order of insertion
  id text not null unique,
  owner text not null,
  type text not null,
  status text not null,
  readiness text,
  priority integer not null,
  run_at integer not null,
  attempt integer not null,
  max_attempts integer not null,
  last_seq integer not null,
  lease_token text,
  lease_worker_id text,
  lease_expires_at integer,
  started_at integer,
  created_at integer not null,
  updated_at integer not null,
  completed_at integer,
  purge_at integer,
  start_by integer,
  complete_by integer,
  timeout_ms integer,
  retention_ms integer not null,
  cancel_requested_by text,
  callback_id text,
  concurrency_key text,
  turn integer, -- the place in the queue of (owner, concurrency_key), from joining until the job is terminal
  idempotency_key text,
  rerun_of text,
  traceparent text,
  tracestate text,
  request_id text,
  tags text, -- JSON array; null where there are none
  undo_steps text, -- JSON array; null where there never were any
  progress text, -- JSON object
  error text, -- JSON object
  parameters_format text, -- null: plain JSON; else "encoding" or "encoding:keyId"
  result_format text,
  parameters any not null,
  result any,
  check (case status -- one walk over the words: two checks of their own cost as much as the write
           when 'PENDING' then completed_at is null and lease_token is null
           when 'PROCESSING' then completed_at is null and lease_token is not null
           when 'COMPLETED' then completed_at is not null and lease_token is null
           when 'FAILED' then completed_at is not null and lease_token is null
           when 'CANCELLED' then completed_at is not null and lease_token is null
           when 'ROLLBACK_REQUIRED' then completed_at is null and lease_token is null
           when 'ROLLBACK_PROCESSING' then completed_at is null and lease_token is not null
           when 'ROLLBACK_COMPLETED' then completed_at is not null and lease_token is null
           else 0 -- no other word
         end)
) strict;

-- What a claim walks: one range per type, however many jobs are finished, delayed or of other types.
create index meanwhile_jobs_waiting on meanwhile_jobs (type, readiness, priority desc, run_at)
  where readiness is not null;

-- What everybody but an administrator lists: one's own jobs, newest first.
create index meanwhile_jobs_owner on meanwhile_jobs (owner);

create index meanwhile_jobs_delayed on meanwhile_jobs (run_at)
  where readiness = 'delayed';

create index meanwhile_jobs_leased on meanwhile_jobs (lease_expires_at)
  where lease_expires_at is not null;

create index meanwhile_jobs_start_by on meanwhile_jobs (start_by)
  where start_by is not null and started_at is null and status = 'PENDING';

create index meanwhile_jobs_complete_by on meanwhile_jobs (complete_by)
  where complete_by is not null and status = 'PENDING';

create index meanwhile_jobs_purge_at on meanwhile_jobs (purge_at)
  where purge_at is not null;

create unique index meanwhile_jobs_turn on meanwhile_jobs (owner, concurrency_key, turn)
  where turn is not null;

-- Positions are counted by the writer (the highest one so far, and one more): cheaper than autoincrement.
create table meanwhile_events (
  position integer primary key,
  job integer not null, -- meanwhile_jobs.number
  seq integer not null,
  type text not null,
  status text not null,
  at integer not null,
  attempt integer not null,
  data_format text,
  data any -- null: the job's row says it all
) strict;

create unique index meanwhile_events_of_job on meanwhile_events (job, seq);

create table meanwhile_idempotency_keys (
  owner text not null,
  key text not null,
  job_id text not null,
  fingerprint text not null,
  primary key (owner, key)
) strict, without rowid;

create table meanwhile_tombstones (
  job_id text not null primary key,
  owner text not null,
  purged_at integer not null,
  expires_at integer not null,
  idempotency_key text
) strict, without rowid;

create index meanwhile_tombstones_expires_at on meanwhile_tombstones (expires_at);

create table meanwhile_job_logs (
  job integer not null, -- meanwhile_jobs.number
  seq integer not null,
  at integer not null,
  level text not null,
  attempt integer not null,
  message text not null,
  fields text, -- JSON object
  primary key (job, seq)
) strict, without rowid;

create table meanwhile_files (
  id text not null primary key,
  owner text not null,
  name text not null,
  media_type text not null,
  size_bytes integer not null,
  sha256 text not null,
  created_at integer not null,
  expires_at integer not null,
  link_count integer not null default 0 -- jobs that name it
) strict, without rowid;

-- Only what nobody names: the search for expired files must not walk those that jobs keep alive.
create index meanwhile_files_unlinked on meanwhile_files (expires_at)
  where link_count = 0;

create table meanwhile_job_files (
  job integer not null, -- meanwhile_jobs.number
  file_id text not null,
  primary key (job, file_id)
) strict, without rowid;

create index meanwhile_job_files_of_file on meanwhile_job_files (file_id);

create table meanwhile_api_keys (
  id text not null primary key,
  name text not null,
  owner text not null,
  hash text not null unique,
  scopes text not null, -- JSON array
  created_at integer not null,
  expires_at integer,
  revoked_at integer
) strict;

create unique index meanwhile_api_keys_name on meanwhile_api_keys (name)
  where revoked_at is null;

-- One row: what must survive although the rows that told it are gone.
create table meanwhile_store (
  id integer primary key check (id = 1),
  last_position integer not null, -- the highest position that pruning ever removed
  checked_at integer not null -- the last proof that the file can be written
) strict;

insert into meanwhile_store (id, last_position, checked_at) values (1, 0, 0);
`,
};
