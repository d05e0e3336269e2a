// What the clock brings: delayed jobs that are due, leases and deadlines that have passed.
import { isTerminal } from "@meanwhile/protocol";
import { assertNever } from "../../assert-never.js";
import type { Job } from "../../job/job.js";
import type { DueKind, MakeReadyResult } from "../job-store.js";
import { willDraw } from "./memory-places.js";
import type { MemoryTables } from "./memory-tables.js";
import { joinTurn } from "./memory-turns.js";

export function makeReady(tables: MemoryTables, { limit, now }: { limit: number; now: number }): MakeReadyResult {
  const delayed = [...tables.jobs.values()]
    .filter(({ job }) => job.readiness === "delayed")
    .sort((a, b) => a.job.runAt - b.job.runAt || a.ordinal - b.ordinal);
  const due = delayed.filter(({ job }) => job.runAt <= now).slice(0, limit);
  const types = new Set<string>();
  for (const row of due) {
    const readiness = joinTurn(tables, row.job);
    row.job = { ...row.job, readiness };
    if (readiness !== "ready") continue;
    willDraw(tables, row);
    types.add(row.job.type);
  }
  return { types: [...types], count: due.length, nextRunAt: delayed[due.length]?.job.runAt ?? null };
}

export function findDue(
  tables: MemoryTables,
  due: DueKind,
  { limit, now }: { limit: number; now: number },
): readonly Job[] {
  return [...tables.jobs.values()]
    .map(({ job }) => ({ job, dueAt: dueAt(job, due) }))
    .filter((entry): entry is { job: Job; dueAt: number } => entry.dueAt !== null && entry.dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, limit)
    .map(({ job }) => job);
}

/** When the clock passes this judgement on the job; `null`: never, as it stands. */
function dueAt(job: Job, due: DueKind): number | null {
  if (isTerminal(job.status)) return null;
  switch (due) {
    case "lease":
      return job.lease?.expiresAt ?? null;
    case "start":
      return job.status === "PENDING" && job.startedAt === null ? job.startBy : null;
    case "deadline":
      return job.status === "PENDING" ? job.completeBy : null;
    default:
      return assertNever(due);
  }
}
