// The places of ready jobs: fair between the owners of one type and priority, see job-store.ts.
import type { Job } from "../../job/job.js";
import { type JobRow, type MemoryTables, ownedKey } from "./memory-tables.js";

/** The job has become ready: it draws its place when the call is done. */
export function willDraw(tables: MemoryTables, row: JobRow): void {
  row.place = null;
  tables.drawing.push(row);
}

/** Ends a call that makes jobs ready: they draw their places. */
export function withPlaces<T>(tables: MemoryTables, work: () => T): T {
  const result = work();
  const drawing = tables.drawing.filter(({ job }) => job.readiness === "ready");
  tables.drawing = [];
  // What all of them find, before any of them stands anywhere.
  const lasts = new Map(
    drawing.map(({ job }) => [shareName(job), Math.max(frontOf(tables, job), lastOf(tables, job))]),
  );
  for (const row of drawing) {
    row.place = lasts.get(shareName(row.job))! + 1;
    lasts.set(shareName(row.job), row.place);
  }
  return result;
}

export function raiseReached(tables: MemoryTables, { job, place }: JobRow): void {
  tables.reached.set(queueName(job), Math.max(reachedBy(tables, job), place!));
}

export function inOrderOfClaim(a: JobRow, b: JobRow): number {
  return b.job.priority - a.job.priority || a.place! - b.place! || a.ordinal - b.ordinal;
}

function frontOf(tables: MemoryTables, job: Job): number {
  const reached = reachedBy(tables, job);
  const ahead = readyOf(tables, job).filter(({ place }) => place! >= reached);
  return ahead.length === 0 ? reached : ahead.reduce((least, { place }) => Math.min(least, place!), Infinity);
}

function lastOf(tables: MemoryTables, job: Job): number {
  return readyOf(tables, job)
    .filter((row) => row.job.owner === job.owner)
    .reduce((most, { place }) => Math.max(most, place!), 0);
}

/** Those of the same queue that have a place. */
function readyOf(tables: MemoryTables, { type, priority }: Job): readonly JobRow[] {
  return [...tables.jobs.values()].filter(
    ({ job, place }) => job.type === type && job.priority === priority && job.readiness === "ready" && place !== null,
  );
}

const reachedBy = (tables: MemoryTables, job: Job): number => tables.reached.get(queueName(job)) ?? 0;

const shareName = (job: Job): string => ownedKey(job.owner, queueName(job));

const queueName = ({ type, priority }: Job): string => `${type} ${priority}`;
