// The moves that the topics are told in: submit, claim, decide and commit.
import {
  type Change,
  type ClaimedJob,
  type Command,
  type CommitResult,
  isRefusal,
  type Job,
  type JobState,
  type Store,
  transition,
} from "@meanwhile/core";
import { expect } from "vitest";
import { makeNewJob, makeToken, type NewJobOptions } from "../builders.js";
import { BUILT_AT } from "../manual-clock.js";

/** The instant at which the tests begin. */
export const NOW = BUILT_AT;

export const SECOND = 1_000;

/** Stores one job and returns it as the store has it. */
export async function submit(store: Store, given: Partial<Job> = {}, options: NewJobOptions = {}): Promise<Job> {
  const item = makeNewJob(given, options);
  const [result] = await store.jobs.insert([[item]]);
  expect(result).toEqual({ outcome: "stored", items: [{ outcome: "created", jobId: item.job.id }] });
  return getJob(store, item.job.id);
}

/** Stores jobs one after the other, in separate calls. */
export async function submitAll(store: Store, jobs: readonly Partial<Job>[]): Promise<readonly Job[]> {
  const stored: Job[] = [];
  for (const given of jobs) stored.push(await submit(store, given));
  return stored;
}

export interface ClaimOptions {
  types?: readonly string[];
  limit?: number;
  globalConcurrency?: number | null;
  workerId?: string;
  leaseToken?: string;
  leaseMs?: number;
  now?: number;
}

export function claim(store: Store, options: ClaimOptions = {}): Promise<readonly ClaimedJob[]> {
  const { types = ["report"], limit = 10, globalConcurrency = null } = options;
  const { workerId = "worker-1", leaseMs = 30_000, now = NOW } = options;
  return store.jobs.claim({
    workerId,
    leaseToken: options.leaseToken ?? makeToken(),
    leaseMs,
    types: types.map((type) => ({ type, limit, globalConcurrency })),
    now,
  });
}

/** Claims exactly one job. */
export async function claimOne(store: Store, options: ClaimOptions = {}): Promise<ClaimedJob> {
  const [job, ...others] = await claim(store, { limit: 1, ...options });
  if (job === undefined || others.length > 0) throw new Error("The claim was to give exactly one job.");
  return job;
}

/** The change that the status table makes of the command. */
export function decide(job: JobState, command: Command, now: number = NOW): Change {
  const decision = transition(job, command, now);
  if (isRefusal(decision)) throw new Error(`The status table refused ${command.kind}: ${decision.refused}.`);
  return decision;
}

/** Decides and commits one change. */
export async function apply(store: Store, job: JobState, command: Command, now: number = NOW): Promise<CommitResult> {
  const [result] = await store.jobs.commit([decide(job, command, now)]);
  return result!;
}

/** Decides and commits one change that must not miss. Returns the job after it. */
export async function settle(store: Store, job: JobState, command: Command, now: number = NOW): Promise<Job> {
  expect(await apply(store, job, command, now)).toMatchObject({ outcome: "committed" });
  return getJob(store, job.id);
}

export async function getJob(store: Store, jobId: string): Promise<Job> {
  const job = await store.jobs.find(jobId);
  if (job === undefined) throw new Error(`The store has no job ${jobId}.`);
  return job;
}

export async function readinessOf(store: Store, jobs: readonly { id: string }[]): Promise<readonly (string | null)[]> {
  return Promise.all(jobs.map(async ({ id }) => (await getJob(store, id)).readiness));
}

export const idsOf = (jobs: readonly { id: string }[]): readonly string[] => jobs.map(({ id }) => id);
