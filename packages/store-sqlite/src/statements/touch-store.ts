// Proves that the file can be written.
import { statement } from "./statement.js";

export const touchStore = statement<[now: number]>(`
  update meanwhile_store
     set checked_at = ?
   where id = 1`);
