// Counts one job less for every file that a job named.
import { statement } from "./statement.js";

export const releaseJobFiles = statement<[job: number]>(`
  update meanwhile_files
     set link_count = link_count - 1
   where id in (select file_id
                  from meanwhile_job_files
                 where job = ?)`);
