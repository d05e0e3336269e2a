// Ends the retention of a job whose purge takes several transactions: from here on it answers as purged.
import { statement } from "./statement.js";

export const hideJob = statement<[now: number, number: number]>(`
  update meanwhile_jobs
     set purge_at = min(purge_at, ?)
   where number = ?`);
