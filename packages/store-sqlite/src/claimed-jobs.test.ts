// What a process remembers of its claims is a hint: whatever else happened to the jobs, rows and events stay in step.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Change, type ClaimedJob, jsonPayload, type Store } from "@meanwhile/core";
import { BUILT_AT, makeNewJob, makeToken } from "@meanwhile/store-testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createSqliteStore } from "./sqlite-store.js";

let folder: string;
let store: Store;
let other: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "meanwhile-claimed-"));
  const file = join(folder, "test.db");
  store = await createSqliteStore({ file });
  await store.migrate();
  other = await createSqliteStore({ file });
});

afterEach(async () => {
  await Promise.all([store.close(), other.close()]);
  rmSync(folder, { recursive: true });
});

async function claim(count: number): Promise<readonly ClaimedJob[]> {
  const items = Array.from({ length: count }, () => makeNewJob());
  await store.jobs.insert(items.map((item) => [item]));
  const types = [{ type: items[0]!.job.type, limit: count }];
  return store.jobs.claim({ workerId: "w", leaseToken: makeToken(), leaseMs: 1_000, types, now: BUILT_AT });
}

function completion({ id, lease }: ClaimedJob, result: unknown = id): Change {
  return {
    jobId: id,
    guard: { status: "PROCESSING", leaseToken: lease.token },
    patch: {
      status: "COMPLETED",
      readiness: null,
      releaseLease: true,
      completedAt: BUILT_AT,
      purgeAt: BUILT_AT + 1_000,
      result: jsonPayload(result),
    },
    events: [{ type: "job.completed", status: "COMPLETED", at: BUILT_AT, attempt: 1, data: null }],
    at: BUILT_AT,
  };
}

const seqsOf = async ({ id }: ClaimedJob) =>
  (await store.events.read(id, { after: 0, limit: 10 })).map(({ seq, type }) => `${seq} ${type}`);

it("a settlement continues behind what another process has added to the job's log", async () => {
  const jobs = await claim(4);
  const wish = { type: "job.cancel_requested", status: "PROCESSING", at: BUILT_AT, attempt: 1, data: null } as const;
  const guard = { status: "PROCESSING" } as const;
  await other.jobs.commit([
    { jobId: jobs[2]!.id, guard, patch: { cancelRequestedBy: "x" }, events: [wish], at: BUILT_AT },
  ]);

  const results = await store.jobs.commit(jobs.map((job) => completion(job)));

  expect(results.map((result) => result.outcome === "committed" && result.lastSeq)).toEqual([3, 3, 4, 3]);
  expect(await seqsOf(jobs[1]!)).toEqual(["1 job.submitted", "2 job.started", "3 job.completed"]);
  expect(await seqsOf(jobs[2]!)).toEqual([
    "1 job.submitted",
    "2 job.started",
    "3 job.cancel_requested",
    "4 job.completed",
  ]);
});

it("a lease that another process has ended settles nothing, and its neighbours all the same", async () => {
  const jobs = await claim(4);
  const { id, lease } = jobs[1]!;
  await other.jobs.commit([
    {
      jobId: id,
      guard: { status: "PROCESSING", leaseToken: lease.token },
      patch: { status: "PENDING", readiness: "ready", releaseLease: true },
      events: [{ type: "job.retrying", status: "PENDING", at: BUILT_AT, attempt: 1, data: null }],
      at: BUILT_AT,
    },
  ]);

  const results = await store.jobs.commit(jobs.map((job) => completion(job)));

  expect(results.map(({ outcome }) => outcome)).toEqual(["committed", "guard_failed", "committed", "committed"]);
  expect(await store.jobs.find(id)).toMatchObject({ status: "PENDING", result: null, lastSeq: 3 });
});

it("a job that is settled twice in one batch is settled once", async () => {
  const jobs = await claim(3);
  const [first] = jobs as [ClaimedJob];

  const results = await store.jobs.commit([...jobs.map((job) => completion(job)), completion(first, "again")]);

  expect(results.map(({ outcome }) => outcome)).toEqual(["committed", "committed", "committed", "guard_failed"]);
  expect((await store.jobs.find(first.id))?.result).toEqual(jsonPayload(first.id));
});
