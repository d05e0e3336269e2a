// Lists of jobs, newest first, page by page.
import { AppError } from "../../errors.js";
import type { Job } from "../../job/job.js";
import type { JobPage, JobQuery } from "../job-store.js";
import type { MemoryTables } from "./memory-tables.js";

export function listJobs(tables: MemoryTables, query: JobQuery): JobPage {
  const before = query.cursor === undefined ? Number.POSITIVE_INFINITY : readCursor(query.cursor);
  const matching = [...tables.jobs.values()].reverse().filter((row) => row.ordinal < before && matches(row.job, query));
  const page = matching.slice(0, query.limit);
  return {
    items: page.map(({ job }) => job),
    nextCursor: matching.length > page.length ? String(page.at(-1)?.ordinal ?? before) : null,
  };
}

function matches(job: Job, query: JobQuery): boolean {
  return (
    (query.owner === undefined || job.owner === query.owner) &&
    (query.type === undefined || job.type === query.type) &&
    (query.status === undefined || job.status === query.status) &&
    (query.tag === undefined || job.tags.includes(query.tag)) &&
    (query.callbackId === undefined || job.callbackId === query.callbackId) &&
    (query.createdAfter === undefined || job.createdAt > query.createdAfter) &&
    (query.createdBefore === undefined || job.createdAt < query.createdBefore)
  );
}

function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new AppError("invalid_request", {
    message: "The cursor cannot be read. Send the nextCursor of an earlier page, or none to start at the newest job.",
  });
}
