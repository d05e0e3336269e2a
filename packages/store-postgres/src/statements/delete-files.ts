// Forgets files and the links to them.
import { statement } from "./statement.js";

export const deleteFiles = statement<[ids: readonly string[], unlinkedOnly: boolean], [id: string]>(
  "delete_files",
  `
  with locked as materialized (
         select id
           from meanwhile_files
          where id = any ($1::text[])
            and (link_count = 0 or not $2::boolean)
          order by id
            for update),
       links as (
         delete from meanwhile_job_files
          where file_id in (select id from locked))
  delete from meanwhile_files
   where id in (select id from locked)
  returning id`,
);
