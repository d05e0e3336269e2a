// Files that have expired and that no job names, longest first.
import { LIMIT, statement } from "./statement.js";

export const findExpiredFiles = statement<[now: number, limit: number], [id: string]>(`
  select id
    from meanwhile_files indexed by meanwhile_files_unlinked
   where link_count = 0
     and expires_at <= ?
   order by expires_at
   ${LIMIT}`);
