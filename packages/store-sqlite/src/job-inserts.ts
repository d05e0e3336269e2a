// Stores groups of new jobs: each group whole or not at all, each key for one job.
import type { Clock, InsertedItem, InsertGroup, InsertResult, KeyHolder, NewJob } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import type { FileLinks } from "./file-links.js";
import { fromNewJob } from "./rows.js";
import { findIdempotencyKey } from "./statements/find-idempotency-key.js";
import { insertIdempotencyKey } from "./statements/insert-idempotency-key.js";
import { insertJob } from "./statements/insert-job.js";
import type { Turns } from "./turns.js";

interface Holder extends KeyHolder {
  readonly isPurged: boolean;
}

export function createJobInserts(
  connection: Connection,
  { events, turns, links, clock }: { events: EventWriter; turns: Turns; links: FileLinks; clock: Clock },
) {
  const insertRow = connection.query(insertJob);
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

  const store = (item: NewJob): void => {
    const { job, idempotency, fileIds } = item;
    const { owner, concurrencyKey } = job;
    const place =
      concurrencyKey !== null && job.readiness === "ready"
        ? turns.join({ owner, concurrencyKey })
        : { turn: null, readiness: job.readiness };
    const number = Number(insertRow.run(fromNewJob(item, place)).lastInsertRowid);
    events.append(item.events, { job: number, seq: 1 });
    if (idempotency !== null) insertKey.run([owner, idempotency.key, job.id, idempotency.fingerprint]);
    if (fileIds.length > 0) links.add({ number, owner }, fileIds);
  };

  const storeGroup = (group: InsertGroup, now: number): InsertResult => {
    const result = group.some(({ idempotency }) => idempotency !== null) ? judge(group, now) : allCreated(group);
    if (result.outcome === "stored") {
      for (const [index, item] of group.entries()) if (result.items[index]?.outcome === "created") store(item);
    }
    return result;
  };

  return {
    insert(groups: readonly InsertGroup[], { now = clock.now() }: { now?: number } = {}): readonly InsertResult[] {
      return events.write(() => groups.map((group) => storeGroup(group, now)));
    },
    findKeyHolder(owner: string, key: string): KeyHolder | undefined {
      const row = keyHolder.find([0, owner, key]);
      return row === undefined ? undefined : { jobId: row[0], fingerprint: row[1] };
    },
  };
}

function allCreated(group: InsertGroup): InsertResult & { outcome: "stored" } {
  return { outcome: "stored", items: group.map(({ job }) => ({ outcome: "created", jobId: job.id })) };
}
