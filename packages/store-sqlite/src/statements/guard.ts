// The guard of every change: a fact that was not read compares the column with itself.

export type GuardParameters = [
  number: number,
  status: string,
  leaseToken: string | null,
  cancelRequested: 0 | 1 | null,
  lastSeq: number | null,
  leaseExpiredAt: number | null,
];

export const GUARD = `number = ?
     and status = ?
     and lease_token is coalesce(?, lease_token) -- a late worker must not write into a lease given to another
     and (cancel_requested_by is not null) = coalesce(?, cancel_requested_by is not null)
     and last_seq = coalesce(?, last_seq)
     and coalesce(lease_expires_at, 9007199254740991) <= coalesce(?, 9007199254740991) -- a heartbeat in between wins`;
