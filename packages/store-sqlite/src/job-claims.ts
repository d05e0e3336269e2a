// Leases: claiming ready jobs, and keeping what was claimed.
import {
  type ClaimedJob,
  type ClaimedType,
  type ClaimRequest,
  type Clock,
  type HeldLease,
  jsonPayload,
  jsonTextPayload,
  type Lease,
  type LeaseResult,
  type NewEvent,
  type Payload,
  startedData,
} from "@meanwhile/core";
import type { ClaimedJobs } from "./claimed-jobs.js";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { toClaimedJob } from "./rows.js";
import { countLeased } from "./statements/count-leased.js";
import { extendLease } from "./statements/extend-lease.js";
import { findReadyJobs, type ReadyJobRow } from "./statements/find-ready-jobs.js";
import { hasReadyJob } from "./statements/has-ready-job.js";
import { leaseJobs } from "./statements/lease-jobs.js";
import { raiseReached } from "./statements/raise-reached.js";

export function createJobClaims(
  connection: Connection,
  { events, claimed, clock }: { events: EventWriter; claimed: ClaimedJobs; clock: Clock },
) {
  const ready = connection.query(findReadyJobs);
  const lease = connection.query(leaseJobs);
  const hasReady = connection.query(hasReadyJob);
  const extend = connection.query(extendLease);
  const leased = connection.query(countLeased);
  const raise = connection.query(raiseReached);

  // Found and leased by two statements under one write lock: nobody comes in between.
  const claimType = (asked: ClaimedType, { granted, now }: { granted: Lease; now: number }) => {
    const { type } = asked;
    const limit = roomFor(asked);
    if (limit <= 0) return [];
    const rows = ready.list([type, limit]);
    for (const [priority, place] of greatestPlaces(rows)) raise.run([type, priority, place]);
    const numbers = `[${rows.map(([number]) => number).join()}]`;
    lease.run([granted.token, granted.workerId, granted.expiresAt, now, now, numbers]);
    const startedPayload = createStartedPayloads(granted.workerId);
    return rows.map((row) => {
      const job = toClaimedJob(row, { type, lease: granted, now });
      const [number] = row;
      const hasTurn = row[17] === 1;
      events.append([startEvent(job, startedPayload, now)], { job: number, seq: job.lastSeq });
      if (!hasTurn) claimed.add(job.id, { number, leaseToken: granted.token, lastSeq: job.lastSeq });
      return job;
    });
  };

  const roomFor = ({ type, limit, globalConcurrency = null }: ClaimedType): number =>
    globalConcurrency === null
      ? limit
      : Math.min(limit, globalConcurrency - leased.find([type, globalConcurrency])![0]);

  return {
    claim({ workerId, leaseToken, leaseMs, types, now = clock.now() }: ClaimRequest): readonly ClaimedJob[] {
      // A look without the write lock first: an idle worker must not stand in the way of busy ones.
      const wanted = types.filter((asked) => hasReady.find([asked.type]) !== undefined && roomFor(asked) > 0);
      if (wanted.length === 0) return [];
      const granted: Lease = { token: leaseToken, workerId, expiresAt: now + leaseMs };
      return events.write(() => wanted.flatMap((asked) => claimType(asked, { granted, now })));
    },

    extendLeases(
      leases: readonly HeldLease[],
      { byMs, now = clock.now() }: { byMs: number; now?: number },
    ): readonly LeaseResult[] {
      if (leases.length === 0) return [];
      // Draws no `seq`, and a lease that is shorter after a loss of power is the lease of a process that is gone (invariant I9).
      return connection.writeUnsynced(() =>
        leases.map(({ jobId, leaseToken }): LeaseResult => {
          const row = extend.find([now + byMs, jobId, leaseToken]);
          return row === undefined ? { outcome: "lost" } : { outcome: "extended", cancelRequestedBy: row[0] };
        }),
      );
    },
  };
}

function startEvent(job: ClaimedJob, startedPayload: (attempt: number) => Payload, at: number): NewEvent {
  const { status, attempt } = job;
  if (status === "PROCESSING") return { type: "job.started", status, at, attempt, data: startedPayload(attempt) };
  const data = jsonPayload({ error: job.error, steps: job.undoSteps });
  return { type: "job.rollback_started", status, at, attempt, data };
}

/** By priority. */
function greatestPlaces(rows: readonly ReadyJobRow[]): ReadonlyMap<number, number> {
  const greatest = new Map<number, number>();
  for (const row of rows) greatest.set(row[4], Math.max(greatest.get(row[4]) ?? 0, row[14]));
  return greatest;
}

/** Made once per attempt number, not once per job: most jobs of a claim are at their first. */
function createStartedPayloads(workerId: string): (attempt: number) => Payload {
  const payloads = new Map<number, Payload>();
  return (attempt) => {
    let payload = payloads.get(attempt);
    if (payload === undefined) {
      payload = jsonTextPayload(startedData(attempt, workerId));
      payloads.set(attempt, payload);
    }
    return payload;
  };
}
