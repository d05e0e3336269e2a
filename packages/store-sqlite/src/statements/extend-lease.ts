// Prolongs a lease that is still held.
import { statement } from "./statement.js";

export type ExtendLease = [leaseExpiresAt: number, jobId: string, leaseToken: string];

export const extendLease = statement<ExtendLease, [cancelRequestedBy: string | null]>(`
  update meanwhile_jobs
     set lease_expires_at = ?
   where id = ?
     and lease_token = ? -- a late worker must not revive a lease given to another
  returning cancel_requested_by`);
