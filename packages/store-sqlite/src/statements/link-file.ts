// A job names a file of its owner.
import { statement } from "./statement.js";

export const linkFile = statement<[job: number, fileId: string, owner: string]>(`
  insert into meanwhile_job_files (job, file_id)
  select ?, id
    from meanwhile_files
   where id = ?
     and owner = ? -- a foreign file is passed over, as if it did not exist
      on conflict do nothing`);
