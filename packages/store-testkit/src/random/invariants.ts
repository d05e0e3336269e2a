// What must hold of any log, whatever the commands were.
import { type Job, readJsonPayload, type StoredEvent } from "@meanwhile/core";
import { isLeased, isTerminal, type JobStatus } from "@meanwhile/protocol";
import { expect } from "vitest";

/** Where an event may lead from the status before it. Terminal statuses lead nowhere (invariant I6). */
const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  PENDING: ["PENDING", "PROCESSING", "FAILED", "CANCELLED", "ROLLBACK_REQUIRED"],
  PROCESSING: ["PROCESSING", "PENDING", "COMPLETED", "FAILED", "CANCELLED", "ROLLBACK_REQUIRED"],
  ROLLBACK_REQUIRED: ["ROLLBACK_REQUIRED", "ROLLBACK_PROCESSING"],
  ROLLBACK_PROCESSING: ["ROLLBACK_PROCESSING", "ROLLBACK_REQUIRED", "ROLLBACK_COMPLETED", "FAILED"],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
  ROLLBACK_COMPLETED: [],
};

/** The whole life of one job, from its first event, be the job purged by now or not. */
export function checkLife(events: readonly StoredEvent[]): void {
  expect(
    events.map(({ seq }) => seq),
    "seq counts without gaps (I2)",
  ).toEqual(events.map((_, index) => index + 1));
  expect(events[0]).toMatchObject({ type: "job.submitted", status: "PENDING", attempt: 0 });
  for (const [index, { status, at, type }] of events.entries()) {
    const before = events[index - 1];
    if (before === undefined) continue;
    expect(NEXT[before.status], `${type} after ${before.type} keeps to the status table (I6)`).toContain(status);
    expect(at, "time does not run backwards").toBeGreaterThanOrEqual(before.at);
  }
}

/** A row is nothing but its events told at once. */
export function checkRow(job: Job, events: readonly StoredEvent[]): void {
  expect(job, "the row is the fold of its events").toMatchObject(foldOf(job, events));
  expect(job.lease !== null, "a lease exactly while a worker holds the job").toBe(isLeased(job.status));
  expect(job.readiness !== null, "a readiness exactly while the job waits").toBe(
    !isLeased(job.status) && !isTerminal(job.status),
  );
  expect(job.result !== null, "a result exactly on completed jobs").toBe(job.status === "COMPLETED");
  if (job.status === "FAILED") expect(job.error).not.toBeNull();
}

function foldOf(job: Job, events: readonly StoredEvent[]): Partial<Job> {
  const last = events.at(-1)!;
  const ended = isTerminal(last.status) ? last.at : null;
  return {
    status: last.status,
    lastSeq: last.seq,
    updatedAt: last.at,
    createdAt: events[0]!.at,
    startedAt: events.find(({ type }) => type === "job.started")?.at ?? null,
    completedAt: ended,
    purgeAt: ended === null ? null : ended + job.retentionMs,
    attempt: events.reduce(attemptAfter, 0),
    cancelRequestedBy: events.reduce(cancelRequestedByAfter, null),
    runAt: events.reduce(runAtAfter, job.createdAt),
    progress: events.reduce(progressAfter, null),
    undoSteps: events.reduce(undoStepsAfter, []),
  };
}

/** What the event says, where its data are not in the row. */
function dataOf({ data }: StoredEvent): Record<string, unknown> {
  return data === null ? {} : (readJsonPayload(data) as Record<string, unknown>);
}

function attemptAfter(attempt: number, event: StoredEvent): number {
  if (event.type === "job.started" || event.type === "job.rollback_started") return event.attempt;
  if (event.type === "job.rollback_required") return 0;
  if (event.type !== "job.retrying") return attempt;
  const { code } = dataOf(event).error as { code: string };
  return code === "handed_back" ? event.attempt - 1 : event.attempt;
}

function cancelRequestedByAfter(by: string | null, event: StoredEvent): string | null {
  return event.type === "job.cancel_requested" || event.type === "job.cancelled" ? (dataOf(event).by as string) : by;
}

function runAtAfter(runAt: number, event: StoredEvent): number {
  if (event.type === "job.rollback_required") return event.at;
  const told = event.type === "job.submitted" || event.type === "job.retrying" ? dataOf(event).runAt : undefined;
  return typeof told === "string" ? Date.parse(told) : runAt;
}

function progressAfter(progress: Job["progress"], event: StoredEvent): Job["progress"] {
  const none = { fraction: 0, message: null, currentStep: null, totalSteps: null };
  if (event.type !== "job.progress") return progress;
  const { progress: fraction, ...members } = dataOf(event) as { progress: number };
  return { ...none, ...members, fraction };
}

function undoStepsAfter(steps: readonly string[], event: StoredEvent): readonly string[] {
  if (event.type === "job.rollback_completed") return [];
  return event.type === "job.step_completed" ? [...steps, dataOf(event).step as string] : steps;
}
