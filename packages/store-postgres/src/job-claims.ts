// Leases: claiming ready jobs, and keeping what was claimed.
import {
  type ClaimedJob,
  type ClaimRequest,
  type HeldLease,
  jsonPayload,
  jsonTextPayload,
  type LeaseResult,
  type NewEvent,
  startedData,
} from "@meanwhile/core";
import type { ClaimedNumbers } from "./claimed-numbers.js";
import { columnsOf } from "./columns.js";
import type { Database } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { createEventBatch } from "./event-writer.js";
import { toClaimedJob } from "./rows.js";
import { type ClaimedJobRow, claimJobs } from "./statements/claim-jobs.js";
import { extendLeases } from "./statements/extend-leases.js";
import { findReadyTypes } from "./statements/find-ready-types.js";
import { readHeldLeases } from "./statements/read-held-leases.js";

export function createJobClaims(
  database: Database,
  { deliveries, numbers }: { deliveries: DeliveryWriter; numbers: ClaimedNumbers },
) {
  return {
    async claim({ workerId, leaseToken, leaseMs, types, now }: ClaimRequest): Promise<readonly ClaimedJob[]> {
      const asked = types.filter(({ limit }) => limit > 0);
      if (asked.length === 0) return [];
      // A look without a transaction first: mostly nothing is ready.
      const ready = new Set(
        (await database.list(findReadyTypes, [asked.map(({ type }) => type)])).map(([type]) => type),
      );
      const wanted = asked.filter(({ type }) => ready.has(type));
      if (wanted.length === 0) return [];
      const { jobs, queued } = await database.write(async (transaction) => {
        const [found, interest] = await Promise.all([
          transaction.list(claimJobs, [
            wanted.map(({ type }) => type),
            wanted.map(({ limit }) => limit),
            leaseToken,
            workerId,
            leaseMs,
            now ?? null,
            JSON.stringify(workerId),
          ]),
          deliveries.interestIn(transaction, ["job.started", "job.rollback_started"]),
        ]);
        const rows = [...found].sort(inOrderOfClaim);
        const claimed = rows.map((row) => toClaimedJob(row, { token: leaseToken, workerId }));
        for (const [, number, id] of rows) numbers.add(id, number);
        if (!deliveries.isWanted(interest)) return { jobs: claimed, queued: false };
        const events = createEventBatch(deliveries);
        for (let index = 0; index < rows.length; index++) {
          const job = claimed[index]!;
          events.stored([startEvent(job, rows[index]![14])], { job: rows[index]![1], seq: job.lastSeq });
        }
        return { jobs: claimed, queued: await events.store(transaction, interest) };
      });
      if (queued) deliveries.hint();
      return jobs;
    },

    async extendLeases(
      leases: readonly HeldLease[],
      { byMs, now }: { byMs: number; now?: number },
    ): Promise<readonly LeaseResult[]> {
      if (leases.length === 0) return [];
      const sorted = [...leases].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
      const [ids, tokens] = columnsOf(
        sorted.map(({ jobId, leaseToken }) => [jobId, leaseToken]),
        2,
      ) as string[][];
      // Draws no `seq`, and a lease that is shorter after a loss of power is the lease of a process that is gone (invariant I9).
      const held = await database.write(
        async (transaction) => {
          const extended = await transaction.list(extendLeases, [ids!, tokens!, byMs, now ?? null]);
          if (extended.length === leases.length) return extended;
          // A row that somebody is writing now was passed over: it keeps its end until the next heartbeat, and is not lost.
          return [...extended, ...(await transaction.list(readHeldLeases, [ids!, tokens!]))];
        },
        { durable: false },
      );
      const wishes = new Map(held.map(([id, token, wish]) => [`${id} ${token}`, wish]));
      return leases.map(({ jobId, leaseToken }) => {
        const cancelRequestedBy = wishes.get(`${jobId} ${leaseToken}`);
        return cancelRequestedBy === undefined ? { outcome: "lost" } : { outcome: "extended", cancelRequestedBy };
      });
    },
  };
}

function startEvent(job: ClaimedJob, at: number): NewEvent {
  const { status, attempt } = job;
  if (status === "PROCESSING") {
    return {
      type: "job.started",
      status,
      at,
      attempt,
      data: jsonTextPayload(startedData(attempt, job.lease.workerId)),
    };
  }
  const data = jsonPayload({ error: job.error, steps: job.undoSteps });
  return { type: "job.rollback_started", status, at, attempt, data };
}

/** Type by type, then by priority, `runAt` and insertion: an update answers in no order that it promises. */
function inOrderOfClaim(a: ClaimedJobRow, b: ClaimedJobRow): number {
  return a[0] - b[0] || b[6] - a[6] || a[7] - b[7] || a[1] - b[1];
}
