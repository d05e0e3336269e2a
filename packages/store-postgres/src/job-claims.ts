// Leases: claiming ready jobs, and keeping what was claimed.
import {
  type ClaimedJob,
  type ClaimedType,
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
import type { Database, Transaction } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { createEventBatch } from "./event-writer.js";
import { createLeaseExtension } from "./lease-extension.js";
import { toClaimedJob } from "./rows.js";
import { type ClaimedJobRow, claimJobs } from "./statements/claim-jobs.js";
import { countLeased } from "./statements/count-leased.js";
import { ensureQueues } from "./statements/ensure-queues.js";
import { findReadyTypes } from "./statements/find-ready-types.js";
import { lockClaims } from "./statements/lock-claims.js";

export function createJobClaims(
  database: Database,
  { deliveries, numbers }: { deliveries: DeliveryWriter; numbers: ClaimedNumbers },
) {
  const extension = createLeaseExtension(database);
  /** Types and priorities of which the tables know how far claims have come. */
  const known = new Set<string>();

  const beginQueues = async (transaction: Transaction, rows: readonly ClaimedJobRow[]): Promise<readonly string[]> => {
    const begun = new Map<string, [type: string, priority: number, place: number]>();
    for (const row of rows) {
      const name = `${row[4]} ${row[6]}`;
      if (!known.has(name)) begun.set(name, [row[4], row[6], Math.max(begun.get(name)?.[2] ?? 0, row[31])]);
    }
    if (begun.size === 0) return [];
    const names = [...begun.keys()].sort();
    const fronts = names.map((name) => begun.get(name)!);
    await transaction.run(ensureQueues, columnsOf(fronts, 3) as [string[], number[], number[]]);
    return names;
  };

  return {
    async claim({ workerId, leaseToken, leaseMs, types, now }: ClaimRequest): Promise<readonly ClaimedJob[]> {
      const asked = types.filter(({ limit }) => limit > 0);
      if (asked.length === 0) return [];
      // A look without a transaction first: mostly nothing is ready.
      const ready = new Set(
        (
          await database.list(findReadyTypes, [
            asked.map(({ type }) => type),
            asked.map(({ globalConcurrency = null }) => globalConcurrency),
          ])
        ).map(([type]) => type),
      );
      const wanted = asked.filter(({ type }) => ready.has(type));
      if (wanted.length === 0) return [];
      const { jobs, queued, begun } = await database.write(async (transaction) => {
        const limits = await limitsOf(transaction, wanted);
        const [found, interest] = await Promise.all([
          transaction.list(claimJobs, [
            wanted.map(({ type }) => type),
            limits,
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
        const begun = await beginQueues(transaction, rows);
        if (!deliveries.isWanted(interest)) return { jobs: claimed, queued: false, begun };
        const events = createEventBatch(deliveries);
        for (let index = 0; index < rows.length; index++) {
          const job = claimed[index]!;
          events.stored([startEvent(job, rows[index]![14])], { job: rows[index]![1], seq: job.lastSeq });
        }
        return { jobs: claimed, queued: await events.store(transaction, interest), begun };
      });
      for (const name of begun) known.add(name);
      if (queued) deliveries.hint();
      return jobs;
    },

    /** A row that somebody holds for long keeps its end, and counts as extended: it is not lost. */
    async extendLeases(
      leases: readonly HeldLease[],
      options: { byMs: number; now?: number },
    ): Promise<readonly LeaseResult[]> {
      if (leases.length === 0) return [];
      const held = await extension.extend(leases, options);
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

/**
 * How many jobs of each type may be claimed. For a type with a limit over all workers nobody else may claim while they are counted; where
 * somebody does, there is nothing this time, and the end of that transaction is a hint to look again.
 */
async function limitsOf(transaction: Transaction, wanted: readonly ClaimedType[]): Promise<readonly number[]> {
  const bounded = wanted.filter(({ globalConcurrency = null }) => globalConcurrency !== null);
  if (bounded.length === 0) return wanted.map(({ limit }) => limit);
  const types = bounded.map(({ type }) => type);
  // Two statements: what is counted must be as it is once the right to claim is ours.
  const [locked, counted] = await Promise.all([
    transaction.list(lockClaims, [types]),
    transaction.list(countLeased, [types, bounded.map(({ globalConcurrency }) => globalConcurrency!)]),
  ]);
  const ours = new Set(locked.map(([type]) => type));
  const leased = new Map(counted);
  return wanted.map(({ type, limit, globalConcurrency = null }) => {
    if (globalConcurrency === null) return limit;
    return ours.has(type) ? Math.max(0, Math.min(limit, globalConcurrency - leased.get(type)!)) : 0;
  });
}

/** Type by type, then by priority, place and insertion: an update answers in no order that it promises. */
function inOrderOfClaim(a: ClaimedJobRow, b: ClaimedJobRow): number {
  return a[0] - b[0] || b[6] - a[6] || a[31] - b[31] || a[1] - b[1];
}
