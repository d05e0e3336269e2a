// meanwhile's store without its engine and worker, filled and claimed from: what a claim costs the store.
import { randomBytes, randomUUID } from "node:crypto";
import type { Job, Store } from "meanwhile";
import type { ClaimContender, StoreAddress } from "../contender.js";
import { echoParameters, echoResult } from "../jobs.js";
import { openMeanwhile } from "./meanwhile.js";

const TYPE = "demo.echo";
const BATCH_SIZE = 1_000;
const LEASE_MS = 600_000;
const WEEK_MS = 604_800_000;

type Kind = "finished" | "delayed" | "ready";
type NewJob = Parameters<Store["jobs"]["insert"]>[0][number][number];

export async function openMeanwhileClaims(address: StoreAddress): Promise<ClaimContender> {
  const meanwhile = await openMeanwhile(address, { worker: false });
  const { store } = meanwhile;
  return {
    async fill({ finished, delayed, ready }) {
      await insertJobs(store, { kind: "finished", count: finished });
      await insertJobs(store, { kind: "delayed", count: delayed });
      await insertJobs(store, { kind: "ready", count: ready });
    },
    async claim(limit) {
      const types = [{ type: TYPE, limit }];
      const request = { workerId: "bench", leaseToken: randomUUID(), leaseMs: LEASE_MS, types };
      return (await store.jobs.claim(request)).length;
    },
    close: () => meanwhile.stop(),
  };
}

async function insertJobs(store: Store, { kind, count }: { kind: Kind; count: number }): Promise<void> {
  for (let done = 0; done < count; done += BATCH_SIZE) {
    const size = Math.min(BATCH_SIZE, count - done);
    await store.jobs.insert([Array.from({ length: size }, (_, index) => newJob(kind, orderedId(index)))]);
  }
}

/** A UUIDv7, as the engine makes them: in the order of insertion, so that the index on ids grows at its end. */
function orderedId(index: number): string {
  const time = Date.now().toString(16).padStart(12, "0");
  const order = (index & 0xfff).toString(16).padStart(3, "0");
  const chance = randomBytes(8).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-a${chance.slice(0, 3)}-${chance.slice(4)}`;
}

/** A job as the store holds it at the end of its life, or while it waits. */
function newJob(kind: Kind, id: string): NewJob {
  const now = Date.now();
  const events: NewJob["events"][number][] = [
    { type: "job.submitted", status: "PENDING", at: now, attempt: 0, data: null },
  ];
  if (kind === "finished") {
    events.push({ type: "job.started", status: "PROCESSING", at: now, attempt: 1, data: json({ attempt: 1 }) });
    events.push({ type: "job.completed", status: "COMPLETED", at: now, attempt: 1, data: null });
  }
  const finished = { status: "COMPLETED", readiness: null, attempt: 1, startedAt: now, completedAt: now } as const;
  const states = {
    finished: { ...finished, purgeAt: now + WEEK_MS, result: json(echoResult()) },
    delayed: { readiness: "delayed", runAt: now + WEEK_MS },
    ready: {},
  } as const;
  const job: Job = { ...waitingJob(id, now), ...states[kind], lastSeq: events.length };
  return { job, events, idempotency: null, fileIds: [] };
}

function waitingJob(id: string, now: number): Job {
  return {
    ...{ id, type: TYPE, owner: "local", status: "PENDING", readiness: "ready", priority: 0 },
    ...{ attempt: 0, maxAttempts: 3, runAt: now, createdAt: now, updatedAt: now, retentionMs: WEEK_MS, lastSeq: 1 },
    ...{ parameters: json(echoParameters(1)), tags: [], undoSteps: [], lease: null, progress: null },
    ...{
      result: null,
      error: null,
      startedAt: null,
      completedAt: null,
      purgeAt: null,
      startBy: null,
      completeBy: null,
    },
    ...{
      timeoutMs: 600_000,
      cancelRequestedBy: null,
      callbackId: null,
      concurrencyKey: null,
      webhook: null,
      rerunOf: null,
    },
    ...{ traceparent: null, tracestate: null, requestId: null },
  };
}

function json(value: unknown): { encoding: string; keyId: null; body: string } {
  return { encoding: "json", keyId: null, body: JSON.stringify(value) };
}
