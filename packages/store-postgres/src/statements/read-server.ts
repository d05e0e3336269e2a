// Which server this is: its cluster, what changes whenever it begins anew, and whether it is a replica.
import { statement } from "./statement.js";

export const readServer = statement<[], [cluster: string, incarnation: string, isReplica: boolean]>(
  "read_server",
  `
  select (select system_identifier::text from pg_control_system()),
         -- A crash of one backend makes the server begin anew without a new start time; it drops its statistics then.
         pg_postmaster_start_time()::text || ' ' || coalesce((select stats_reset::text from pg_stat_bgwriter), ''),
         pg_is_in_recovery()`,
);
