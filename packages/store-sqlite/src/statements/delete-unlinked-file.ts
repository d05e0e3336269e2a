// Forgets the record of a file, unless a job came to name it in the meantime.
import { statement } from "./statement.js";

export const deleteUnlinkedFile = statement<[id: string]>(`
  delete from meanwhile_files
   where id = ?
     and link_count = 0`);
