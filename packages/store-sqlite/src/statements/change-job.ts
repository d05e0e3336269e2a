// Applies a change of any shape, where its guard still holds.
import type { SqlValue } from "../driver/driver.js";
import { GUARD, type GuardParameters } from "./guard.js";
import { statement } from "./statement.js";

/** `null` leaves a column as it is; `readiness` and the lease say so themselves, as `null` is one of their values. */
export type ChangeJob = [
  status: string | null,
  setsReadiness: 0 | 1,
  readiness: string | null,
  attempt: number | null,
  runAt: number | null,
  keepsPlace: 0 | 1,
  keepsLeaseToken: 0 | 1,
  keepsLeaseWorkerId: 0 | 1,
  keepsLeaseExpiresAt: 0 | 1,
  cancelRequestedBy: string | null,
  progress: string | null,
  resultFormat: string | null,
  result: SqlValue,
  error: string | null,
  completedAt: number | null,
  purgeAt: number | null,
  undoSteps: string | null,
  eventCount: number,
  updatedAt: number,
  ...guard: GuardParameters,
];

export const changeJob = statement<ChangeJob>(`
  update meanwhile_jobs
     set status = coalesce(?, status),
         readiness = case ? when 1 then ? else readiness end,
         attempt = coalesce(?, attempt),
         run_at = coalesce(?, run_at),
         place = case ? when 1 then place end,
         lease_token = case ? when 1 then lease_token end,
         lease_worker_id = case ? when 1 then lease_worker_id end,
         lease_expires_at = case ? when 1 then lease_expires_at end,
         cancel_requested_by = coalesce(?, cancel_requested_by),
         progress = coalesce(?, progress),
         result_format = coalesce(?, result_format),
         result = coalesce(?, result),
         error = coalesce(?, error),
         completed_at = coalesce(?, completed_at),
         purge_at = coalesce(?, purge_at),
         undo_steps = coalesce(?, undo_steps),
         last_seq = last_seq + ?,
         updated_at = ?
   where ${GUARD}`);
