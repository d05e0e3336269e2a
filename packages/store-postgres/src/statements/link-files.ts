// Jobs name files; those of other owners are passed over, as if they did not exist.
import { statement } from "./statement.js";

export type LinkFiles = [jobs: readonly number[], owners: readonly string[], fileIds: readonly string[]];

export const linkFiles = statement<LinkFiles>(
  "link_files",
  `
  with files as materialized (
         select id, owner
           from meanwhile_files
          where id = any ($3::text[])
          order by id
            for no key update),
       linked as (
         insert into meanwhile_job_files (job, file_id)
         select batch.job, files.id
           from unnest($1::bigint[], $2::text[], $3::text[]) as batch (job, owner, file_id)
           join files on files.id = batch.file_id and files.owner = batch.owner
             on conflict do nothing
         returning file_id)
  update meanwhile_files as files
     set link_count = files.link_count + counts.count
    from (select file_id, count(*) as count
            from linked
           group by file_id) as counts
   where files.id = counts.file_id`,
);
