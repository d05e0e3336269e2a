// Files that nobody names and whose time is over, longest expired first.
import { now, statement } from "./statement.js";

export const findExpiredFiles = statement<[now: number | null, limit: number], [id: string]>(
  "find_expired_files",
  `
  select id
    from meanwhile_files
   where link_count = 0
     and expires_at <= ${now("$1")}
   order by expires_at
   limit $2::bigint`,
);
