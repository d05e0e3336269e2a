// Jobs name no files any more.
import { statement } from "./statement.js";

export const releaseJobFiles = statement<[jobs: readonly number[]]>(
  "release_job_files",
  `
  with gone as (
         delete from meanwhile_job_files
          where job = any ($1::bigint[])
         returning file_id),
       counts as (
         select file_id, count(*) as count
           from gone
          group by file_id),
       locked as materialized (
         select id
           from meanwhile_files
          where id in (select file_id from counts)
          order by id
            for no key update)
  update meanwhile_files as files
     set link_count = files.link_count - counts.count
    from counts, locked
   where files.id = counts.file_id
     and locked.id = counts.file_id`,
);
