// Forgets the record of a file.
import { statement } from "./statement.js";

export const deleteFile = statement<[id: string]>(`
  delete from meanwhile_files
   where id = ?`);
