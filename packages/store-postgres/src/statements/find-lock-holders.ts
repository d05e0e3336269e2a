// Who has held a transaction open for long in this database: whatever waits for a table's lock, waits for one of them.
import { statement } from "./statement.js";

export const findLockHolders = statement<[], [processId: number, application: string, seconds: number]>(
  "find_lock_holders",
  `
  select pid, application_name, floor(extract(epoch from clock_timestamp() - xact_start))::integer
    from pg_stat_activity
   where datname = current_database()
     and pid <> pg_backend_pid()
     and xact_start < clock_timestamp() - interval '1 second'
   order by xact_start
   limit 3`,
);
