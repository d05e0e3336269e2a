// Where events are pushed to, and what became of each.
import type { Migration } from "./migration.js";

export const webhooks: Migration = {
  version: 3,
  name: "webhooks",
  sql: `
-- The targets that jobs name themselves: few have one, so that the job's row knows nothing of it.
create table meanwhile_job_webhooks (
  job integer primary key, -- meanwhile_jobs.number
  url text not null,
  events text not null, -- JSON array
  secret text -- null: the owner's own
) strict;

create table meanwhile_webhook_endpoints (
  number integer primary key, -- the order of insertion
  id text not null unique,
  owner text not null,
  channel text not null,
  url text not null,
  types text, -- JSON array; null: jobs of all types
  events text not null, -- JSON array
  enabled integer not null,
  disabled_reason text,
  secret text not null,
  previous_secret text,
  previous_secret_until integer,
  failing_since integer,
  failure_count integer not null,
  created_at integer not null,
  updated_at integer not null
) strict;

create index meanwhile_webhook_endpoints_owner on meanwhile_webhook_endpoints (owner);

-- Which events somebody wants at all: one look tells a transaction that nobody does. Endpoints that are disabled have no rows here.
create table meanwhile_wanted_events (
  event text not null,
  owner text not null,
  endpoint integer not null, -- meanwhile_webhook_endpoints.number
  primary key (event, owner, endpoint)
) strict, without rowid;

create table meanwhile_deliveries (
  number integer primary key, -- the order of insertion
  id text not null unique,
  owner text not null,
  channel text not null,
  job_id text not null,
  seq integer not null,
  event_type text not null,
  endpoint_id text, -- null: the job itself named the target
  line text not null, -- what one job sends to one target
  place integer, -- in the line: 1 the head, 0 behind it; null: out of it
  lane text not null, -- what shares one limit
  due_at integer, -- when a claim may take it: the next attempt, or the end of its lease; null: not as it stands
  lease_token text,
  status text not null,
  attempt_count integer not null,
  round_attempts integer not null,
  created_at integer not null,
  next_attempt_at integer,
  finished_at integer,
  target text not null,
  secret text,
  traceparent text,
  attempts text, -- JSON array; null where there are none
  check (status in ('PENDING', 'RETRY_PENDING') = (finished_at is null)),
  check (finished_at is null or (due_at is null and lease_token is null))
) strict;

create index meanwhile_deliveries_owner on meanwhile_deliveries (owner);

create index meanwhile_deliveries_job on meanwhile_deliveries (job_id);

create index meanwhile_deliveries_endpoint on meanwhile_deliveries (endpoint_id)
  where endpoint_id is not null;

-- What a claim walks: neither what is finished nor what waits behind others is in it.
create index meanwhile_deliveries_due on meanwhile_deliveries (lane, due_at)
  where due_at is not null;

create index meanwhile_deliveries_line on meanwhile_deliveries (line, seq)
  where place is not null;

create index meanwhile_deliveries_finished on meanwhile_deliveries (finished_at)
  where finished_at is not null;

create index meanwhile_deliveries_unfinished on meanwhile_deliveries (endpoint_id)
  where endpoint_id is not null and finished_at is null;

create index meanwhile_deliveries_given_up on meanwhile_deliveries (endpoint_id, finished_at)
  where endpoint_id is not null and status in ('EXHAUSTED', 'STOPPED');

-- Apart from the row, which is written anew with every attempt.
create table meanwhile_delivery_bodies (
  delivery integer primary key, -- meanwhile_deliveries.number
  body text not null
) strict;

-- The lanes in which something will be due: a claim finds the next one without walking what is due in the others.
create table meanwhile_delivery_lanes (
  lane text not null primary key,
  channel text not null,
  owner text not null,
  next_due_at integer not null
) strict, without rowid;

create index meanwhile_delivery_lanes_due on meanwhile_delivery_lanes (channel, next_due_at, lane, owner);
`,
};
