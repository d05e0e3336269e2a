// Storing a group of new jobs, whole or not at all.
import type { InsertedItem, InsertGroup, InsertResult, NewJob } from "../job-store.js";
import { willDraw } from "./memory-places.js";
import { appendEvents, type JobRow, type MemoryTables, ownedKey } from "./memory-tables.js";
import { joinTurn } from "./memory-turns.js";

export function insertGroup(tables: MemoryTables, group: InsertGroup, now: number): InsertResult {
  const items: InsertedItem[] = [];
  const created: NewJob[] = [];
  // Keys that earlier items of this group will hold, if the group is stored.
  const keysOfGroup: MemoryTables["idempotency"] = new Map();

  for (const [index, item] of group.entries()) {
    const name = item.idempotency === null ? null : ownedKey(item.job.owner, item.idempotency.key);
    const holder = name === null ? undefined : (tables.idempotency.get(name) ?? keysOfGroup.get(name));
    if (holder !== undefined) {
      const { jobId } = holder;
      const purgeAt = tables.jobs.get(jobId)?.job.purgeAt ?? Number.POSITIVE_INFINITY;
      if (tables.tombstones.has(jobId) || purgeAt <= now) return { outcome: "purged", index, jobId };
      if (holder.fingerprint !== item.idempotency!.fingerprint) return { outcome: "key_reused", index, jobId };
      items.push({ outcome: "exists", jobId });
      continue;
    }
    if (name !== null) keysOfGroup.set(name, { jobId: item.job.id, fingerprint: item.idempotency!.fingerprint });
    created.push(item);
    items.push({ outcome: "created", jobId: item.job.id });
  }

  for (const item of created) store(tables, item);
  for (const [name, record] of keysOfGroup) tables.idempotency.set(name, record);
  return { outcome: "stored", items };
}

function store(tables: MemoryTables, { job, events, fileIds }: NewJob): void {
  const readiness = job.readiness === "ready" ? joinTurn(tables, job) : job.readiness;
  const ownFiles = fileIds.filter((fileId) => tables.files.get(fileId)?.owner === job.owner);
  const row: JobRow = {
    ordinal: ++tables.lastOrdinal,
    job: { ...job, readiness },
    place: null,
    events: [],
    lines: [],
    fileIds: new Set(ownFiles),
  };
  tables.jobs.set(job.id, row);
  if (readiness === "ready") willDraw(tables, row);
  appendEvents(tables, row, events);
}
