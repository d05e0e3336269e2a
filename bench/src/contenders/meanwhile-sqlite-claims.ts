// meanwhile's SQLite store alone, filled and claimed from without an engine: what a claim costs the store.
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import {
  createIdSource,
  type IdSource,
  type Job,
  jsonPayload,
  LOCAL_PRINCIPAL,
  type NewEvent,
  type NewJob,
  type Store,
  systemClock,
} from "@meanwhile/core";
import { createSqliteStore } from "@meanwhile/store-sqlite";
import type { ClaimContender, StoreAddress } from "../contender.js";
import { echoParameters, echoResult, wrongStore } from "../jobs.js";

const TYPE = "demo.echo";
const BATCH_SIZE = 1_000;
const LEASE_MS = 600_000;
const WEEK_MS = 604_800_000;

type Kind = "finished" | "delayed" | "ready";

export async function openSqliteClaims(address: StoreAddress): Promise<ClaimContender> {
  if (address.kind !== "directory") throw wrongStore("meanwhile on SQLite", "directory", address.kind);
  const ids = createIdSource({ clock: systemClock, randomBytes: (bytes) => void randomFillSync(bytes) });
  const store = await createSqliteStore({ file: join(address.path, "meanwhile.db") });
  await store.migrate();
  return {
    async fill({ finished, delayed, ready }) {
      await insertJobs(store, { kind: "finished", count: finished, ids });
      await insertJobs(store, { kind: "delayed", count: delayed, ids });
      await insertJobs(store, { kind: "ready", count: ready, ids });
    },
    async claim(limit) {
      const types = [{ type: TYPE, limit }];
      const claimed = await store.jobs.claim({ workerId: "bench", leaseToken: ids.token(), leaseMs: LEASE_MS, types });
      return claimed.length;
    },
    close: () => store.close(),
  };
}

async function insertJobs(store: Store, options: { kind: Kind; count: number; ids: IdSource }): Promise<void> {
  for (let done = 0; done < options.count; done += BATCH_SIZE) {
    const size = Math.min(BATCH_SIZE, options.count - done);
    const group = Array.from({ length: size }, () => newJob(options.kind, options.ids.uuid()));
    await store.jobs.insert([group]);
  }
}

/** A job as the store would hold it at the end of its life, or while it waits. */
function newJob(kind: Kind, id: string): NewJob {
  const now = Date.now();
  const events: NewEvent[] = [{ type: "job.submitted", status: "PENDING", at: now, attempt: 0, data: null }];
  if (kind === "finished") {
    events.push({ type: "job.started", status: "PROCESSING", at: now, attempt: 1, data: jsonPayload({ attempt: 1 }) });
    events.push({ type: "job.completed", status: "COMPLETED", at: now, attempt: 1, data: null });
  }
  const finished = { status: "COMPLETED", readiness: null, attempt: 1, startedAt: now, completedAt: now } as const;
  const states = {
    finished: { ...finished, purgeAt: now + WEEK_MS, result: jsonPayload(echoResult()) },
    delayed: { readiness: "delayed", runAt: now + WEEK_MS },
    ready: {},
  } as const;
  const job: Job = { ...waitingJob(id, now), ...states[kind], lastSeq: events.length };
  return { job, events, idempotency: null, fileIds: [] };
}

function waitingJob(id: string, now: number): Job {
  return {
    ...{ id, type: TYPE, owner: LOCAL_PRINCIPAL.owner, status: "PENDING", readiness: "ready", priority: 0 },
    ...{ attempt: 0, maxAttempts: 3, runAt: now, createdAt: now, updatedAt: now, retentionMs: WEEK_MS, lastSeq: 1 },
    ...{ parameters: jsonPayload(echoParameters(1)), tags: [], undoSteps: [], lease: null, progress: null },
    ...{
      result: null,
      error: null,
      startedAt: null,
      completedAt: null,
      purgeAt: null,
      startBy: null,
      completeBy: null,
    },
    ...{ timeoutMs: 600_000, cancelRequestedBy: null, callbackId: null, concurrencyKey: null, rerunOf: null },
    ...{ traceparent: null, tracestate: null, requestId: null },
  };
}
