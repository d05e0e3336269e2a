// What the memory store keeps: the tables of a database as maps and lists.
import type { NewEvent, StoredEvent } from "../../job/change.js";
import type { Job, JobId, Tombstone } from "../../job/job.js";
import type { ApiKeyRecord } from "../api-key-store.js";
import type { FileRecord } from "../file-record-store.js";
import type { LogLine } from "../job-log-store.js";
import type { WebhookEndpointRecord } from "../webhook-endpoint-store.js";
import { createDeliveryQueue, type DeliveryQueue } from "./memory-delivery-queue.js";

/** A job with all that is erased together with it. */
export interface JobRow {
  /** Counts insertions; the order of lists, and the last word in the order of claims. */
  readonly ordinal: number;
  job: Job;
  /** Where it stands, or stood last, in its queue; `null` as long as it has drawn none. */
  place: number | null;
  readonly events: StoredEvent[];
  readonly lines: LogLine[];
  readonly fileIds: Set<string>;
}

export interface LogEntry {
  readonly position: number;
  readonly event: StoredEvent;
}

export interface IdempotencyRecord {
  readonly jobId: JobId;
  readonly fingerprint: string;
}

export interface MemoryTables {
  /** In insertion order. */
  readonly jobs: Map<JobId, JobRow>;
  /** Every event that is kept, in commit order (invariant I3). */
  log: LogEntry[];
  lastOrdinal: number;
  lastPosition: number;
  /** Per owner, the position of the last event that went with its job. */
  readonly purged: Map<string, number>;
  /** By owner and key, see `ownedKey`. Outlive the job's purge; go with its tombstone. */
  readonly idempotency: Map<string, IdempotencyRecord>;
  readonly tombstones: Map<JobId, Tombstone>;
  /** Turn queues by owner and `concurrencyKey`, in join order; no queue is empty. */
  readonly turns: Map<string, JobId[]>;
  /** The greatest place that a claim took, by type and priority. */
  readonly reached: Map<string, number>;
  /** Jobs that the call under way made ready, in that order: they draw their places at its end. */
  drawing: JobRow[];
  readonly files: Map<string, FileRecord>;
  /** In insertion order. */
  readonly apiKeys: ApiKeyRecord[];
  /** By name. */
  readonly secrets: Map<string, string>;
  readonly deliveries: DeliveryQueue;
  /** In insertion order. */
  readonly endpoints: Map<string, WebhookEndpointRecord>;
}

export function createTables(): MemoryTables {
  return {
    jobs: new Map(),
    log: [],
    lastOrdinal: 0,
    lastPosition: 0,
    purged: new Map(),
    idempotency: new Map(),
    tombstones: new Map(),
    turns: new Map(),
    reached: new Map(),
    drawing: [],
    files: new Map(),
    apiKeys: [],
    secrets: new Map(),
    deliveries: createDeliveryQueue(),
    endpoints: new Map(),
  };
}

/** One text for a key inside its owner's space; no two pairs share one. */
export function ownedKey(owner: string, key: string): string {
  return JSON.stringify([owner, key]);
}

/** Draws `seq` and position and writes the events; the job's `lastSeq` follows. */
export function appendEvents(tables: MemoryTables, row: JobRow, events: readonly NewEvent[]): void {
  for (const event of events) {
    const stored: StoredEvent = { ...event, jobId: row.job.id, seq: row.events.length + 1 };
    row.events.push(stored);
    tables.log.push({ position: ++tables.lastPosition, event: stored });
  }
  row.job = { ...row.job, lastSeq: row.events.length };
}
