// Stores groups of new jobs: each group whole or not at all, each key for one job.
import type { Clock, InsertedItem, InsertGroup, InsertResult, Job, KeyHolder, NewJob } from "@meanwhile/core";
import type { ClaimedJobs } from "./claimed-jobs.js";
import type { Connection } from "./connection.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import type { EventWriter } from "./event-writer.js";
import type { FileLinks } from "./file-links.js";
import { isPlainText } from "./payload-columns.js";
import type { Draw, Places } from "./places.js";
import { fromNewJob, fromPlainJobs } from "./rows.js";
import { findIdempotencyKey } from "./statements/find-idempotency-key.js";
import { insertIdempotencyKey } from "./statements/insert-idempotency-key.js";
import { insertJob } from "./statements/insert-job.js";
import { ID_LENGTH, insertPlainJobs } from "./statements/insert-plain-jobs.js";
import type { Turns } from "./turns.js";

interface Holder extends KeyHolder {
  readonly isPurged: boolean;
}

/** From here on one statement for all is cheaper than one for each. */
const WORTH_A_RUN = 3;

export function createJobInserts(
  connection: Connection,
  {
    events,
    turns,
    places,
    links,
    deliveries,
    claimed,
    clock,
  }: {
    events: EventWriter;
    turns: Turns;
    places: Places;
    links: FileLinks;
    deliveries: DeliveryWriter;
    claimed: ClaimedJobs;
    clock: Clock;
  },
) {
  const insertRow = connection.query(insertJob);
  const insertAlike = connection.query(insertPlainJobs);
  const insertKey = connection.query(insertIdempotencyKey);
  const keyHolder = connection.query(findIdempotencyKey);

  // Judged before anything is written: a refused group leaves nothing behind, not even a savepoint.
  const judge = (group: InsertGroup, now: number): InsertResult => {
    const items: InsertedItem[] = [];
    const heldInGroup = new Map<string, Holder>();
    for (const [index, { job, idempotency }] of group.entries()) {
      const name = idempotency === null ? "" : JSON.stringify([job.owner, idempotency.key]);
      const holder =
        idempotency === null ? undefined : (heldInGroup.get(name) ?? findHolder(job.owner, idempotency.key, now));
      if (idempotency === null || holder === undefined) {
        if (idempotency !== null) heldInGroup.set(name, { ...idempotency, jobId: job.id, isPurged: false });
        items.push({ outcome: "created", jobId: job.id });
        continue;
      }
      const { jobId, fingerprint, isPurged } = holder;
      if (isPurged) return { outcome: "purged", index, jobId };
      if (fingerprint !== idempotency.fingerprint) return { outcome: "key_reused", index, jobId };
      items.push({ outcome: "exists", jobId });
    }
    return { outcome: "stored", items };
  };

  const findHolder = (owner: string, key: string, now: number): Holder | undefined => {
    const row = keyHolder.find([now, owner, key]);
    if (row === undefined) return undefined;
    const [jobId, fingerprint, isPurged] = row;
    return { jobId, fingerprint, isPurged: isPurged === 1 };
  };

  const store = (item: NewJob, draw: Draw): void => {
    const { job } = item;
    const { owner, concurrencyKey } = job;
    const { turn, readiness } =
      concurrencyKey !== null && job.readiness === "ready"
        ? turns.join({ owner, concurrencyKey })
        : { turn: null, readiness: job.readiness };
    const place = readiness === "ready" ? draw.next(job) : null;
    const number = Number(insertRow.run(fromNewJob(item, { readiness, turn, place })).lastInsertRowid);
    const { idempotency, fileIds } = item;
    events.append(item.events, { job: number, seq: 1 });
    if (idempotency !== null) insertKey.run([owner, idempotency.key, job.id, idempotency.fingerprint]);
    if (fileIds.length > 0) links.add({ number, owner }, fileIds);
    if (job.webhook !== null) deliveries.addWebhook(number, job.webhook);
    // Claimed at birth.
    if (job.lease !== null && turn === null) {
      claimed.add(job.id, { number, leaseToken: job.lease.token, lastSeq: job.lastSeq });
    }
  };

  const storeAlike = (items: readonly NewJob[], draw: Draw): void => {
    if (items.length < WORTH_A_RUN) {
      for (const item of items) store(item, draw);
      return;
    }
    const { job: first } = items[0]!;
    const place = first.readiness === "ready" ? draw.next(first, items.length) : null;
    const rows = fromPlainJobs(
      items.map(({ job }) => job),
      place,
    );
    const last = Number(insertAlike.run(rows).lastInsertRowid);
    // The write lock is held, and each number is the highest one so far and one more.
    let number = last - items.length;
    for (const item of items) events.append(item.events, { job: ++number, seq: 1 });
  };

  const storeAll = (items: readonly NewJob[], draw: Draw): void => {
    let alike: NewJob[] = [];
    for (const item of items) {
      const [first] = alike;
      if (first !== undefined && isPlain(item) && isAlike(first.job, item.job)) {
        alike.push(item);
        continue;
      }
      storeAlike(alike, draw);
      alike = isPlain(item) ? [item] : [];
      if (alike.length === 0) store(item, draw);
    }
    storeAlike(alike, draw);
  };

  return {
    insert(groups: readonly InsertGroup[], { now = clock.now() }: { now?: number } = {}): readonly InsertResult[] {
      return events.write(() => {
        const draw = places.open();
        const results: InsertResult[] = [];
        let created: NewJob[] = [];
        for (const group of groups) {
          const hasKeys = group.some(({ idempotency }) => idempotency !== null);
          // A key is looked up among what is stored: all that came before must be.
          if (hasKeys) {
            storeAll(created, draw);
            created = [];
          }
          const result = hasKeys ? judge(group, now) : allCreated(group);
          results.push(result);
          if (result.outcome !== "stored") continue;
          for (const [index, item] of group.entries()) {
            if (result.items[index]?.outcome === "created") created.push(item);
          }
        }
        storeAll(created, draw);
        return results;
      });
    },
    findKeyHolder(owner: string, key: string): KeyHolder | undefined {
      const row = keyHolder.find([0, owner, key]);
      return row === undefined ? undefined : { jobId: row[0], fingerprint: row[1] };
    },
  };
}

/** Whether everything of the job but its content is what the run's first job says, or nothing. */
function isPlain({ job, idempotency, fileIds }: NewJob): boolean {
  return (
    idempotency === null &&
    fileIds.length === 0 &&
    job.id.length === ID_LENGTH &&
    job.requestId !== "" &&
    job.status === "PENDING" &&
    job.lastSeq === 1 &&
    job.attempt === 0 &&
    job.concurrencyKey === null &&
    job.webhook === null &&
    job.callbackId === null &&
    job.rerunOf === null &&
    job.traceparent === null &&
    job.tracestate === null &&
    job.startedAt === null &&
    job.cancelRequestedBy === null &&
    job.progress === null &&
    job.error === null &&
    job.result === null &&
    job.tags.length === 0 &&
    job.undoSteps.length === 0 &&
    isPlainText(job.parameters)
  );
}

function isAlike(a: Job, b: Job): boolean {
  return (
    a.owner === b.owner &&
    a.type === b.type &&
    a.readiness === b.readiness &&
    a.priority === b.priority &&
    a.runAt === b.runAt &&
    a.maxAttempts === b.maxAttempts &&
    a.createdAt === b.createdAt &&
    a.updatedAt === b.updatedAt &&
    a.startBy === b.startBy &&
    a.completeBy === b.completeBy &&
    a.timeoutMs === b.timeoutMs &&
    a.retentionMs === b.retentionMs
  );
}

function allCreated(group: InsertGroup): InsertResult & { outcome: "stored" } {
  return { outcome: "stored", items: group.map(({ job }) => ({ outcome: "created", jobId: job.id })) };
}
