// Claiming: which jobs are next, and the lease that they get.
import type { ClaimedJob, Job, JobId, Lease } from "../../job/job.js";
import { claimed } from "../../job/new-job.js";
import type { ClaimRequest } from "../job-store.js";
import { inOrderOfClaim, raiseReached } from "./memory-places.js";
import { appendEvents, type JobRow, type MemoryTables } from "./memory-tables.js";

export function claimJobs(tables: MemoryTables, request: ClaimRequest & { now: number }): readonly ClaimedJob[] {
  const { workerId, leaseToken, leaseMs, now } = request;
  const lease: Lease = { token: leaseToken, workerId, expiresAt: now + leaseMs };
  return request.types.flatMap(({ type, limit, globalConcurrency }) =>
    readyInOrder(tables, type)
      .slice(0, Math.min(limit, roomFor(tables, type, globalConcurrency ?? null)))
      .map((row) => {
        raiseReached(tables, row);
        const { job, event } = claimed(row.job, lease, now);
        row.job = { ...job, updatedAt: now };
        appendEvents(tables, row, [event]);
        return toClaimedJob(row.job, lease);
      }),
  );
}

export function countAhead(tables: MemoryTables, jobId: JobId, limit: number): number | undefined {
  const row = tables.jobs.get(jobId);
  if (row?.job.readiness !== "ready") return undefined;
  return Math.min(limit, readyInOrder(tables, row.job.type).indexOf(row));
}

function readyInOrder(tables: MemoryTables, type: string): JobRow[] {
  return [...tables.jobs.values()]
    .filter(({ job }) => job.type === type && job.readiness === "ready")
    .sort(inOrderOfClaim);
}

function roomFor(tables: MemoryTables, type: string, globalConcurrency: number | null): number {
  if (globalConcurrency === null) return Number.POSITIVE_INFINITY;
  const leased = [...tables.jobs.values()].filter(({ job }) => job.type === type && job.lease !== null);
  return Math.max(0, globalConcurrency - leased.length);
}

/** Leaves out what a claim does not promise, so that nobody comes to rely on it. */
function toClaimedJob(job: Job, lease: Lease): ClaimedJob {
  const { result, concurrencyKey, webhook, rerunOf, updatedAt, completedAt, purgeAt, ...rest } = job;
  return { ...rest, lease };
}
