// Counts one more job that names a file.
import { statement } from "./statement.js";

export const countLink = statement<[fileId: string]>(`
  update meanwhile_files
     set link_count = link_count + 1
   where id = ?`);
