// Applies a change that only reports: it names no column of any index, so none is written.
import { GUARD, type GuardParameters } from "./guard.js";
import { statement } from "./statement.js";

export type ReportProgress = [
  progress: string | null,
  eventCount: number,
  updatedAt: number,
  ...guard: GuardParameters,
];

export const reportProgress = statement<ReportProgress>(`
  update meanwhile_jobs
     set progress = coalesce(?, progress),
         last_seq = last_seq + ?,
         updated_at = ?
   where ${GUARD}`);
