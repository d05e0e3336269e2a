// The ports of a contender: what a library must be able to do for each measure, inside a process of its own.
import type { MemoryOutcome } from "./workloads/memory.js";
import type { PaceOptions, PaceOutcome } from "./workloads/pace.js";
import type { PlannedStatement } from "./workloads/statement-recorder.js";

/** Where a contender finds the store that was made for this turn. */
export type StoreAddress =
  | { kind: "redis"; port: number; protocol: 2 | 3 }
  | { kind: "postgres"; url: string }
  | { kind: "directory"; path: string }
  | { kind: "none" };

/** The ~100 bytes of JSON that every job carries. */
export interface EchoParameters {
  customer: string;
  document: string;
  note: string;
  page: number;
}

/** For "submits": one job per call, resolved when the library says that the job is stored. */
export interface SubmitContender {
  submit(parameters: EchoParameters): Promise<unknown>;
  close(): Promise<void>;
}

/** For "drain": the library's own bulk way in, then one worker process as fast as its settings allow. */
export interface DrainContender {
  /** Stores the jobs; nothing runs yet. */
  preload(jobs: readonly EchoParameters[]): Promise<void>;
  /** Starts the worker; `onStart` is called when a handler begins. Every handler returns `{ok, at}` at once. */
  startWorker(onStart: () => void): Promise<void>;
  /** Whether there is a job that the store itself does not call finished (or gone, for libraries that delete what is done). */
  hasUnfinished(): Promise<boolean>;
  close(): Promise<void>;
}

/** For the measures over HTTP: a server on a free port of 127.0.0.1. */
export interface HttpContender {
  port: number;
  close(): Promise<void>;
}

export interface HttpOptions {
  /** `inside`: a worker runs in the server's process; `none`: no worker in this process. */
  worker: "inside" | "none";
  /** The body size that a server which stores nothing must answer with. */
  answerSizeBytes?: number;
}

/** For "claim-cost": a store that holds many jobs which a claim has nothing to do with. */
export interface ClaimContender {
  /** Finished jobs with their events, then delayed ones, then `ready` ones that may be claimed now. */
  fill(counts: KeptJobs & { ready: number }): Promise<void>;
  /** Claims ready jobs, durably, and returns how many it got. */
  claim(limit: number): Promise<number>;
  close(): Promise<void>;
}

/** For the measures with followers: a server whose jobs are followed by server-sent events. */
export interface FollowedContender {
  port: number;
  /** Jobs that wait for long. Returns the path of the event stream of each. */
  waitingJobs(count: number): Promise<string[]>;
  /** A job that is running, and says what it is told to say. */
  liveJob(): Promise<LiveJob>;
  close(): Promise<void>;
}

export interface LiveJob {
  /** Of its event stream. */
  path: string;
  /** One event; resolved when the library says that it is kept, or at once where nothing is kept. */
  emit(chunk: LiveChunk): Promise<unknown>;
}

/** What an event carries: enough for a follower to see that none is missing, and how long it took. */
export interface LiveChunk {
  /** Counted from 0. */
  index: number;
  /** By `wallClockMs`. */
  sentAt: number;
  text: string;
}

/** For "webhooks": each sending is one terminal event that a receiver is told of. */
export interface WebhookContender {
  /** Resolved when the library has taken it; the webhook follows by itself. */
  send(): Promise<unknown>;
  close(): Promise<void>;
}

export interface KeptJobs {
  finished: number;
  delayed: number;
}

/** What one library brings; a measure only uses libraries that have its part. */
export interface Library {
  openSubmits?(store: StoreAddress): Promise<SubmitContender>;
  openDrain?(store: StoreAddress, variant: Variant): Promise<DrainContender>;
  openHttp?(store: StoreAddress, options: HttpOptions): Promise<HttpContender>;
  openClaims?(store: StoreAddress): Promise<ClaimContender>;
  openFollowed?(store: StoreAddress): Promise<FollowedContender>;
  openWebhooks?(store: StoreAddress, options: { url: string }): Promise<WebhookContender>;
  /** A worker for jobs that another process of the same library accepts. */
  openWorker?(store: StoreAddress): Promise<{ close(): Promise<void> }>;
}

export const LIBRARY_IDS = [
  ...(["bullmq", "pg-boss", "graphile-worker", "bare-fastify", "bare-sse", "bare-undici"] as const),
  ...(["meanwhile-sqlite", "meanwhile-sqlite-thread", "meanwhile-postgres"] as const),
] as const;
export type LibraryId = (typeof LIBRARY_IDS)[number];

/** A second way of running the same library. */
export type Variant =
  | ("usual" | "results-per-job" | "two-workers")
  | ("nothing-kept" | "much-kept" | "100k-finished" | "2m-finished" | "many-delayed");

/** The methods that a contender's process answers. */
export interface ContenderMethods {
  /** Stores jobs from `callers` concurrent loops, first unmeasured for `warmupMs`, then for `durationMs`. */
  submits(
    options: ContenderChoice & { callers: number; warmupMs: number; durationMs: number },
  ): Promise<SubmitsOutcome>;
  /** Stores `count` jobs in batches of 1,000, each of `callers` concurrent loops one batch at a time. */
  batches(options: ContenderChoice & { callers: number; count: number }): Promise<BatchesOutcome>;
  /** Preloads `count` jobs for other processes to drain, and keeps the store open. */
  preload(options: ContenderChoice & { count: number }): Promise<null>;
  /** Whether what `preload` opened has a job that is not finished. */
  hasUnfinished(parameters: null): Promise<boolean>;
  /** Preloads `count` jobs and drains them; the time runs from the first handler to the last finished job. */
  drain(options: ContenderChoice & { count: number }): Promise<DrainOutcome>;
  /** Serves until `close`. */
  http(options: ContenderChoice & HttpOptions): Promise<{ port: number }>;
  /** Fills the store; another process then measures, with nothing of it in its own memory. */
  fillForClaims(options: ContenderChoice & KeptJobs & { ready: number }): Promise<null>;
  /** Claims `jobsPerClaim` jobs `claims` times, one claim after another. */
  claims(options: ContenderChoice & { claims: number; jobsPerClaim: number }): Promise<ClaimsOutcome>;
  /** Claims once, and tells which statements that took, with SQLite's plan of each. Not to be timed. */
  claimPlan(options: ContenderChoice & { limit: number }): Promise<PlannedStatement[]>;
  /** Works until `close`. */
  worker(options: ContenderChoice): Promise<null>;
  /** Serves jobs that can be followed, until `close`. */
  followed(options: ContenderChoice): Promise<{ port: number }>;
  /** Of the server that `followed` opened; the paths of the event streams of new waiting jobs. */
  waitingJobs(parameters: { count: number }): Promise<{ paths: string[] }>;
  /** Of the server that `followed` opened; the path of the event stream of a new running job. */
  liveJob(parameters: null): Promise<{ path: string }>;
  /** Lets the live job emit `count` events, one every `everyMs`. */
  emit(parameters: PaceOptions): Promise<PaceOutcome>;
  /** Opens what sends webhooks to `url`. */
  webhooks(options: ContenderChoice & { url: string }): Promise<null>;
  /** Sends `count` webhooks, one every `everyMs`. */
  sendAtPace(parameters: PaceOptions): Promise<PaceOutcome>;
  /** Sends `count` webhooks from `callers` concurrent loops. */
  sendFromCallers(parameters: { callers: number; count: number }): Promise<null>;
  /** What this process occupies, once its garbage is collected. */
  memory(parameters: null): Promise<MemoryOutcome>;
  /** Begins to watch how late timers of the main thread come. */
  watchEventLoop(parameters: null): Promise<null>;
  /** Ends the watching. */
  eventLoopDelay(parameters: null): Promise<{ p99Ms: number }>;
  close(parameters: null): Promise<null>;
}

/** CPU seconds are those of the process, with all its threads. */
export interface SubmitsOutcome {
  submitted: number;
  elapsedMs: number;
  cpuSeconds: number;
}

export interface BatchesOutcome {
  elapsedMs: number;
}

export interface DrainOutcome {
  elapsedMs: number;
  cpuSeconds: number;
}

export interface ClaimsOutcome {
  p50Ms: number;
  /** Bytes that the process read and wrote by system calls, per claim: the pages that the store touched. */
  bytesReadPerClaim: number;
  bytesWrittenPerClaim: number;
}

export interface ContenderChoice {
  library: LibraryId;
  variant: Variant;
  store: StoreAddress;
}
