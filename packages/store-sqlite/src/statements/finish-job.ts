// Applies a change that ends a job: the shape of nearly every settlement.
import type { SqlValue } from "../driver/driver.js";
import { GUARD, type GuardParameters } from "./guard.js";
import { statement } from "./statement.js";

export type FinishJob = [
  status: string,
  completedAt: number,
  purgeAt: number,
  cancelRequestedBy: string | null,
  progress: string | null,
  resultFormat: string | null,
  result: SqlValue,
  error: string | null,
  undoSteps: string | null,
  eventCount: number,
  updatedAt: number,
  ...guard: GuardParameters,
];

export const finishJob = statement<FinishJob>(`
  update meanwhile_jobs
     set status = ?,
         readiness = null,
         lease_token = null,
         lease_worker_id = null,
         lease_expires_at = null,
         completed_at = ?,
         purge_at = ?,
         cancel_requested_by = coalesce(?, cancel_requested_by),
         progress = coalesce(?, progress),
         result_format = coalesce(?, result_format),
         result = coalesce(?, result),
         error = coalesce(?, error),
         undo_steps = coalesce(?, undo_steps),
         last_seq = last_seq + ?,
         updated_at = ?
   where ${GUARD}`);
