// Applies a change that only reports: it names no column of any index, so none is written.
import { type ChangedJobRow, GUARD, type GuardParameters } from "./guard.js";
import { statement } from "./statement.js";

export type ReportProgress = [
  progress: string | null,
  eventCount: number,
  updatedAt: number,
  ...guard: GuardParameters,
];

export const reportProgress = statement<ReportProgress, ChangedJobRow>(`
  update meanwhile_jobs
     set progress = coalesce(?, progress),
         last_seq = last_seq + ?,
         updated_at = ?
   where ${GUARD}
  returning number, last_seq, concurrency_key, owner`);
