// ListJobs: its conditions read, its pages kept to what clients take in one message.
import type { Engine, JobQuery } from "@meanwhile/core";
import { isStorableText, JOB_STATUSES, type JobStatus, LIMITS, parseInstant } from "@meanwhile/protocol";
import type { CallContext } from "./calls.js";
import { jobMessage, present } from "./job-message.js";
import type { JobMessage, ListJobsRequest, ListJobsResponse } from "./messages.js";
import { badRequest } from "./refusals.js";

export interface ListingParts {
  readonly engine: Engine;
  readonly linkBase: string;
}

export async function listJobs(
  { engine, linkBase }: ListingParts,
  request: ListJobsRequest,
  { principal, accept }: CallContext,
): Promise<ListJobsResponse> {
  const query = readQuery(request);
  for (let limit = query.limit; ; ) {
    const { items, nextCursor } = await engine.list({ ...query, limit }, { principal });
    const jobs = items.map((job) => jobMessage(job, { linkBase }));
    const fitting = countFitting(jobs);
    if (fitting < jobs.length) {
      // A cursor belongs to the end of a page: what fits is asked for again, as a page of its own.
      limit = fitting;
      continue;
    }
    accept();
    return { jobs, next_page_token: nextCursor ?? "" };
  }
}

/** gRPC clients take 4 MiB in one message unless they are told otherwise. */
const PAGE_BYTES = 3 * 1024 * 1024;

/** For all of a job's other fields, which have limits of their own. */
const OTHER_BYTES = 16 * 1024;

/** At least one: a single job always fits. */
function countFitting(jobs: readonly JobMessage[]): number {
  let bytes = 0;
  for (const [index, { parameters_json: parameters, result, error }] of jobs.entries()) {
    bytes += OTHER_BYTES + Buffer.byteLength(parameters) + (result?.length ?? 0);
    bytes += Buffer.byteLength(error?.details_json ?? "");
    if (bytes > PAGE_BYTES) return Math.max(1, index);
  }
  return jobs.length;
}

function readQuery(request: ListJobsRequest): JobQuery {
  const { min, max, default: usual } = LIMITS.pageItems;
  const limit = request.page_size === undefined || request.page_size === 0 ? usual : request.page_size;
  if (limit < min || limit > max) {
    throw badRequest("pageSize", `Expected ${min} to ${max}, or 0 for ${usual}, got ${limit}.`);
  }
  const conditions = present({
    type: text(request, "type"),
    status: status(text(request, "status")),
    tag: text(request, "tag"),
    callbackId: text(request, "callback_id"),
    createdAfter: instant(request, "created_after"),
    createdBefore: instant(request, "created_before"),
    cursor: text(request, "page_token"),
  });
  return { ...conditions, limit };
}

type TextField = Exclude<keyof ListJobsRequest, "page_size">;

/** An empty condition is none: proto3 cannot tell the two apart. */
function text(request: ListJobsRequest, field: TextField): string | undefined {
  const value = request[field];
  if (value === undefined || value === "") return undefined;
  if (isStorableText(value)) return value;
  throw badRequest(field, "Text must not hold NUL.");
}

function status(value: string | undefined): JobStatus | undefined {
  if (value === undefined || (JOB_STATUSES as readonly string[]).includes(value)) return value as JobStatus | undefined;
  throw badRequest("status", `Expected one of ${JOB_STATUSES.join(", ")}, got ${JSON.stringify(value.slice(0, 60))}.`);
}

function instant(request: ListJobsRequest, field: TextField): number | undefined {
  const value = text(request, field);
  const epochMs = value === undefined ? undefined : parseInstant(value);
  if (value === undefined || epochMs !== undefined) return epochMs;
  throw badRequest(
    field,
    `Expected an instant such as 2026-11-22T09:00:00.000Z, got ${JSON.stringify(value.slice(0, 60))}.`,
  );
}
