// Jobs for tests: valid as a whole, different only in what the test says.
import {
  claimed,
  type Job,
  jsonPayload,
  type Lease,
  type NewJob,
  type Readiness,
  submittedEvent,
} from "@meanwhile/core";
import { isLeased, isTerminal, type JobStatus } from "@meanwhile/protocol";
import { BUILT_AT } from "./manual-clock.js";

/**
 * A job in the given status with everything that the status brings along: a lease, instants, undo steps, a `seq`.
 *
 * @example makeJob({ status: "PROCESSING", attempt: 2 })
 */
export function makeJob(given: Partial<Job> = {}): Job {
  const createdAt = given.createdAt ?? BUILT_AT;
  const status = given.status ?? "PENDING";
  const job: Job = {
    id: makeId(),
    type: "report",
    owner: "acme",
    status,
    readiness: readinessOf(status, { createdAt, runAt: given.runAt ?? createdAt }),
    attempt: 0,
    maxAttempts: 3,
    cancelRequestedBy: null,
    priority: 0,
    runAt: createdAt,
    startBy: null,
    completeBy: null,
    timeoutMs: null,
    retentionMs: 86_400_000,
    startedAt: null,
    lease: null,
    progress: null,
    undoSteps: [],
    error: null,
    lastSeq: 1,
    parameters: jsonPayload({ month: 5 }),
    result: null,
    callbackId: null,
    tags: [],
    concurrencyKey: null,
    webhook: null,
    rerunOf: null,
    traceparent: null,
    tracestate: null,
    requestId: null,
    createdAt,
    updatedAt: createdAt,
    completedAt: null,
    purgeAt: null,
    ...broughtBy(status, createdAt, given.retentionMs ?? 86_400_000),
    ...given,
  };
  return job;
}

export interface NewJobOptions {
  /** The caller's key; the fingerprint is that of "the same request" unless given. */
  idempotencyKey?: string;
  fingerprint?: string;
  fileIds?: readonly string[];
  /** The job is claimed at birth with this lease. */
  lease?: Lease;
}

/** A job to insert, with the events of its birth. */
export function makeNewJob(given: Partial<Job> = {}, options: NewJobOptions = {}): NewJob {
  const { idempotencyKey, fingerprint = "same-request", fileIds = [], lease } = options;
  const idempotency = idempotencyKey === undefined ? null : { key: idempotencyKey, fingerprint };
  const pending = makeJob(given);
  const submitted = submittedEvent(pending);
  if (lease === undefined) return { job: pending, events: [submitted], idempotency, fileIds };
  const { job, event } = claimed(pending, lease, pending.createdAt);
  return { job, events: [submitted, event], idempotency, fileIds };
}

export function makeLease(given: Partial<Lease> = {}): Lease {
  return { token: makeToken(), workerId: "worker-1", expiresAt: BUILT_AT + 30_000, ...given };
}

/** A UUIDv7 that sorts after those made before it in this process. */
export function makeId(): string {
  return uuidOf(++madeIds);
}

/** The n-th of a fixed row of UUIDv7s, for tests that must name the same ids twice. */
export function uuidOf(n: number): string {
  const time = (BUILT_AT + n).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** 22 characters, as an id source would make them; different from all made before it in this process. */
export function makeToken(): string {
  return `token-${String(++madeTokens).padStart(16, "0")}`;
}

let madeIds = 0;
let madeTokens = 0;

function readinessOf(status: JobStatus, { createdAt, runAt }: { createdAt: number; runAt: number }): Readiness | null {
  if (status !== "PENDING" && status !== "ROLLBACK_REQUIRED") return null;
  return runAt > createdAt ? "delayed" : "ready";
}

function broughtBy(status: JobStatus, at: number, retentionMs: number): Partial<Job> {
  const undo = status.startsWith("ROLLBACK_") ? { undoSteps: ["reserve"], error: UNDONE } : {};
  if (isLeased(status)) return { ...undo, attempt: 1, startedAt: at, lastSeq: 2, lease: makeLease() };
  if (!isTerminal(status)) return undo;
  const ended = { attempt: 1, startedAt: at, lastSeq: 3, completedAt: at, purgeAt: at + retentionMs };
  switch (status) {
    case "COMPLETED":
      return { ...ended, result: jsonPayload("done") };
    case "FAILED":
      return { ...ended, error: { code: "handler_error", message: "It broke." } };
    case "CANCELLED":
      return { ...ended, cancelRequestedBy: "acme" };
    case "ROLLBACK_COMPLETED":
      return { ...ended, error: UNDONE };
  }
}

const UNDONE = { code: "handler_error", message: "It broke after its first step." };
