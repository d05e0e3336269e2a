// The ports of a contender: what a library must be able to do for each measure, inside a process of its own.
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
  /** A worker for jobs that another process of the same library accepts. */
  openWorker?(store: StoreAddress): Promise<{ close(): Promise<void> }>;
}

export const LIBRARY_IDS = [
  ...(["bullmq", "pg-boss", "graphile-worker", "bare-fastify"] as const),
  ...(["meanwhile-sqlite", "meanwhile-sqlite-thread"] as const),
] as const;
export type LibraryId = (typeof LIBRARY_IDS)[number];

/** A second way of running the same library. */
export type Variant = "usual" | "results-per-job" | "nothing-kept" | "much-kept";

/** The methods that a contender's process answers. */
export interface ContenderMethods {
  /** Stores jobs from `callers` concurrent loops, first unmeasured for `warmupMs`, then for `durationMs`. */
  submits(
    options: ContenderChoice & { callers: number; warmupMs: number; durationMs: number },
  ): Promise<SubmitsOutcome>;
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
