// Leases: claiming ready jobs, and keeping what was claimed.
import {
  type ClaimedJob,
  type ClaimRequest,
  type Clock,
  type HeldLease,
  jsonPayload,
  jsonTextPayload,
  type LeaseResult,
  type NewEvent,
  type Payload,
  startedData,
} from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import { toClaimedJob } from "./rows.js";
import { type ClaimedJobRow, claimJobs } from "./statements/claim-jobs.js";
import { extendLease } from "./statements/extend-lease.js";
import { hasReadyJob } from "./statements/has-ready-job.js";

export function createJobClaims(connection: Connection, { events, clock }: { events: EventWriter; clock: Clock }) {
  const claimReady = connection.query(claimJobs);
  const hasReady = connection.query(hasReadyJob);
  const extend = connection.query(extendLease);

  return {
    claim(request: ClaimRequest): readonly ClaimedJob[] {
      const wanted = request.types.filter(({ type, limit }) => limit > 0 && hasReady.find(type) !== undefined);
      if (wanted.length === 0) return [];

      const { workerId, leaseToken: token, leaseMs, now = clock.now() } = request;
      const lease = { token, workerId, expiresAt: now + leaseMs };
      const startedPayload = createStartedPayloads(workerId);

      return connection.write(() => {
        events.begin();
        return wanted.flatMap(({ type, limit }) => {
          const rows = claimReady.list(token, workerId, lease.expiresAt, now, now, type, limit).toSorted(inClaimOrder);
          return rows.map((row) => {
            const job = toClaimedJob(row, lease);
            events.append([startEvent(job, startedPayload, now)], { job: row.number, seq: row.last_seq });
            return job;
          });
        });
      });
    },

    extendLeases(
      leases: readonly HeldLease[],
      { byMs, now = clock.now() }: { byMs: number; now?: number },
    ): readonly LeaseResult[] {
      return connection.write(() =>
        leases.map(({ jobId, leaseToken }): LeaseResult => {
          const row = extend.find(now + byMs, jobId, leaseToken);
          return row === undefined
            ? { outcome: "lost" }
            : { outcome: "extended", cancelRequestedBy: row.cancel_requested_by };
        }),
      );
    },
  };
}

/** An update returns its rows in no promised order. */
function inClaimOrder(a: ClaimedJobRow, b: ClaimedJobRow): number {
  return b.priority - a.priority || a.run_at - b.run_at || a.number - b.number;
}

function startEvent(job: ClaimedJob, startedPayload: (attempt: number) => Payload, at: number): NewEvent {
  const { status, attempt } = job;
  if (status === "PROCESSING") return { type: "job.started", status, at, attempt, data: startedPayload(attempt) };
  const data = jsonPayload({ error: job.error, steps: job.undoSteps });
  return { type: "job.rollback_started", status, at, attempt, data };
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
