// Stores groups of new jobs: each group whole or not at all, each key for one job.
import type { InsertedItem, InsertGroup, InsertResult, NewJob } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { EventWriter } from "./event-writer.js";
import type { FileLinks } from "./file-links.js";
import { fromNewJob } from "./rows.js";
import { findIdempotencyKey } from "./statements/find-idempotency-key.js";
import { insertIdempotencyKey } from "./statements/insert-idempotency-key.js";
import { insertJob } from "./statements/insert-job.js";
import type { Turns } from "./turns.js";

interface KeyHolder {
  readonly jobId: string;
  readonly fingerprint: string;
  readonly isPurged: boolean;
}

export function createJobInserts(
  connection: Connection,
  { events, turns, links }: { events: EventWriter; turns: Turns; links: FileLinks },
): { insert(groups: readonly InsertGroup[]): readonly InsertResult[] } {
  const insertRow = connection.query(insertJob);
  const insertKey = connection.query(insertIdempotencyKey);
  const keyHolder = connection.query(findIdempotencyKey);

  // Judged before anything is written: a refused group leaves nothing behind, not even a savepoint.
  const judge = (group: InsertGroup): InsertResult => {
    const items: InsertedItem[] = [];
    const heldInGroup = new Map<string, KeyHolder>();
    for (const [index, { job, idempotency }] of group.entries()) {
      if (idempotency === null) {
        items.push({ outcome: "created", jobId: job.id });
        continue;
      }
      const { key, fingerprint } = idempotency;
      const name = JSON.stringify([job.owner, key]);
      const holder = heldInGroup.get(name) ?? findHolder(job.owner, key);
      if (holder === undefined) {
        heldInGroup.set(name, { jobId: job.id, fingerprint, isPurged: false });
        items.push({ outcome: "created", jobId: job.id });
        continue;
      }
      if (holder.isPurged) return { outcome: "purged", index, jobId: holder.jobId };
      if (holder.fingerprint !== fingerprint) return { outcome: "key_reused", index, jobId: holder.jobId };
      items.push({ outcome: "exists", jobId: holder.jobId });
    }
    return { outcome: "stored", items };
  };

  const findHolder = (owner: string, key: string): KeyHolder | undefined => {
    const row = keyHolder.find(owner, key);
    return row && { jobId: row.job_id, fingerprint: row.fingerprint, isPurged: row.is_purged === 1 };
  };

  const store = (item: NewJob): void => {
    const { job, idempotency, fileIds } = item;
    const { owner, concurrencyKey } = job;
    const place =
      concurrencyKey !== null && job.readiness === "ready"
        ? turns.join({ owner, concurrencyKey })
        : { turn: null, readiness: job.readiness };
    const number = Number(insertRow.run(...fromNewJob(item, place)).lastInsertRowid);
    events.append(item.events, { job: number, seq: 1 });
    if (idempotency !== null) insertKey.run(owner, idempotency.key, job.id, idempotency.fingerprint);
    if (fileIds.length > 0) links.add({ number, owner }, fileIds);
  };

  return {
    insert: (groups) =>
      connection.write(() => {
        events.begin();
        return groups.map((group) => {
          const result = judge(group);
          if (result.outcome !== "stored") return result;
          for (const [index, item] of group.entries()) {
            if (result.items[index]?.outcome === "created") store(item);
          }
          return result;
        });
      }),
  };
}
