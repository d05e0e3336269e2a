// What a random sequence is made of. Small numbers everywhere: collisions are what is looked for.
import type { ClaimedType, DueKind } from "@meanwhile/core";
import type { JobStatus } from "@meanwhile/protocol";
import fc, { type Arbitrary } from "fast-check";

/** Members that point at something (`job`, `held`) count back from the newest there is, and go round. */
export type RandomCommand =
  | { kind: "insert"; groups: readonly (readonly RandomJob[])[] }
  | { kind: "claim"; types: readonly ClaimedType[]; leaseMs: number }
  | { kind: "settle"; settlements: readonly Settlement[] }
  /** Decided on the job as it is now, or as it was when it was submitted. */
  | { kind: "cancel"; job: number; reread: boolean }
  | { kind: "heartbeat"; held: readonly number[]; byMs: number }
  | { kind: "advance"; ms: number }
  | { kind: "makeReady"; limit: number }
  | { kind: "sweep"; due: DueKind; retryAfterMs: number; heartbeatBetween: boolean }
  | { kind: "purge"; jobs: readonly number[]; minTombstoneMs: number }
  | { kind: "purgeDue"; limit: number }
  | { kind: "removeTombstones" }
  | { kind: "log"; job: number; lines: number }
  | { kind: "file"; job: number; ttlMs: number; owner: string }
  | { kind: "removeExpiredFiles" }
  | { kind: "count"; job: number; limit: number }
  | { kind: "list"; owner?: string; type?: string; status?: JobStatus; tag?: string; limit: number };

export interface RandomJob {
  readonly type: string;
  readonly owner: string;
  readonly priority: number;
  readonly delayMs: number;
  readonly startWithinMs: number | null;
  readonly completeWithinMs: number | null;
  readonly retentionMs: number;
  readonly maxAttempts: number;
  readonly concurrencyKey: string | null;
  readonly idempotencyKey: string | null;
  readonly fingerprint: string;
  readonly tags: readonly string[];
  readonly namesFile: boolean;
  /** Only where nothing forbids it: no key, no delay. */
  readonly claimedAtBirth: boolean;
}

/** One thing that a worker does with a lease that it holds, or believes to hold. */
export interface Settlement {
  readonly held: number;
  /** Decided on the job as it is now, or as the worker last saw it. */
  readonly reread: boolean;
  readonly how: "complete" | "fail" | "failForGood" | "abortCancelled" | "handBack" | "report" | "step" | "finishUndo";
  readonly retryAfterMs: number;
  readonly withProgress: boolean;
}

const oneOf = <T>(...values: readonly T[]): Arbitrary<T> => fc.constantFrom(...values);
const newest = (count: number): Arbitrary<number> => fc.nat({ max: count - 1 });
const type = oneOf("report", "letter");
const owner = oneOf("acme", "acme", "globex", "initech");
const delayMs = oneOf(0, 0, 0, 10, 40, 90);
const deadlineMs = oneOf(null, null, null, 30, 80, 200);

const job: Arbitrary<RandomJob> = fc.record({
  type,
  owner,
  priority: oneOf(0, 0, 0, 1, -1, 100),
  delayMs,
  startWithinMs: deadlineMs,
  completeWithinMs: deadlineMs,
  retentionMs: oneOf(0, 50, 150),
  maxAttempts: oneOf(1, 2, 3),
  concurrencyKey: oneOf(null, null, "a", "a", "b"),
  idempotencyKey: oneOf(null, null, "k", "l", "m"),
  fingerprint: oneOf("same-request", "same-request", "same-request", "another-request"),
  tags: oneOf([], [], ["vip"], ["vip", "monthly"]),
  namesFile: fc.boolean(),
  claimedAtBirth: oneOf(false, false, false, true),
});

const settlement: Arbitrary<Settlement> = fc.record({
  held: newest(6),
  reread: fc.boolean(),
  how: fc.oneof(
    { weight: 4, arbitrary: oneOf<Settlement["how"]>("complete", "fail", "report") },
    { weight: 2, arbitrary: oneOf<Settlement["how"]>("step", "finishUndo") },
    { weight: 2, arbitrary: oneOf<Settlement["how"]>("failForGood", "handBack", "abortCancelled") },
  ),
  retryAfterMs: delayMs,
  withProgress: fc.boolean(),
});

const kind = <K extends string>(name: K): { kind: Arbitrary<K> } => ({ kind: fc.constant(name) });

export const randomCommand: Arbitrary<RandomCommand> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      ...kind("insert"),
      groups: fc.array(fc.array(job, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      ...kind("claim"),
      types: oneOf(
        [{ type: "report", limit: 1 }],
        [{ type: "letter", limit: 2 }],
        [
          { type: "letter", limit: 1 },
          { type: "report", limit: 3 },
        ],
        [{ type: "report", limit: 2, globalConcurrency: 2 }],
        [
          { type: "letter", limit: 3, globalConcurrency: 1 },
          { type: "report", limit: 1, globalConcurrency: 3 },
        ],
      ),
      leaseMs: oneOf(20, 60, 200),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ ...kind("settle"), settlements: fc.array(settlement, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ ...kind("cancel"), job: newest(8), reread: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ ...kind("heartbeat"), held: fc.array(newest(6), { maxLength: 3 }), byMs: oneOf(20, 100) }),
  },
  { weight: 5, arbitrary: fc.record({ ...kind("advance"), ms: oneOf(1, 10, 25, 60, 150) }) },
  { weight: 4, arbitrary: fc.record({ ...kind("makeReady"), limit: oneOf(1, 2, 100) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      ...kind("sweep"),
      due: oneOf<DueKind>("lease", "lease", "start", "deadline"),
      retryAfterMs: delayMs,
      heartbeatBetween: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...kind("purge"),
      jobs: fc.array(newest(10), { minLength: 1, maxLength: 3 }),
      minTombstoneMs: oneOf(0, 100),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...kind("purgeDue"), limit: fc.constant(100) }) },
  { weight: 1, arbitrary: fc.record(kind("removeTombstones")) },
  { weight: 1, arbitrary: fc.record({ ...kind("log"), job: newest(8), lines: oneOf(1, 2, 3) }) },
  { weight: 1, arbitrary: fc.record({ ...kind("file"), job: newest(8), ttlMs: oneOf(10, 100), owner }) },
  { weight: 1, arbitrary: fc.record(kind("removeExpiredFiles")) },
  { weight: 2, arbitrary: fc.record({ ...kind("count"), job: newest(8), limit: oneOf(1, 3, 100) }) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        ...kind("list"),
        owner,
        type,
        status: oneOf<JobStatus>("PENDING", "PROCESSING", "CANCELLED", "COMPLETED"),
        tag: oneOf("vip", "monthly"),
        limit: oneOf(1, 3, 50),
      },
      { requiredKeys: ["kind", "limit"] },
    ),
  },
);
