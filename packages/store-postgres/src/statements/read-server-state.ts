// How the server is set, how many connections it has left, and who holds whole-log readers up.
import { statement } from "./statement.js";

export type ServerStateRow = [
  synchronousCommit: string,
  fsync: string,
  fullPageWrites: string,
  schemaVersion: number,
  connectionsForUsers: number,
  connectionsInUse: number,
  /** `null`: nobody who writes is under way, or this user may not see who. */
  horizonHolder: string | null,
  horizonHeldMs: number | null,
];

export const readServerState = statement<[], ServerStateRow>(
  "read_server_state",
  `
  select current_setting('synchronous_commit'),
         current_setting('fsync'),
         current_setting('full_page_writes'),
         (select count(*) from meanwhile_migrations),
         current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer,
         -- Not the connections of replicas, which have slots of their own; a server's own processes have no client.
         (select count(*) from pg_stat_activity where backend_type = 'client backend'),
         holder.who,
         (extract(epoch from clock_timestamp() - holder.since) * 1000)::bigint
    from (select 1) as one
    left join lateral (
      select concat('session ', pid, ' of ', coalesce(nullif(application_name, ''), 'an unnamed program'),
                    ' in database ', datname) as who,
             xact_start as since
        from pg_stat_activity
       where backend_xid = pg_snapshot_xmin(pg_current_snapshot())::xid
      union all
      -- It holds readers up until somebody commits it, over restarts too.
      select concat('the prepared transaction ', quote_literal(gid), ' in database ', database), prepared
        from pg_prepared_xacts
       where transaction = pg_snapshot_xmin(pg_current_snapshot())::xid
       limit 1) as holder on true`,
);
