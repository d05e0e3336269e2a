// Queues deliveries for events that were just appended: the end of every transaction that moves jobs.

import type { DeliveryStatus } from "@meanwhile/protocol";
import { type NewDelivery, newDeliveries } from "../../delivery/new-delivery.js";
import { targetsOf } from "../../delivery/subscription.js";
import type { DeliveryAttempt } from "../../delivery/webhooks.js";
import type { LogEntry, MemoryTables } from "./memory-tables.js";

export interface DeliveryRow extends Omit<NewDelivery, "target"> {
  /** Counts insertions; the order of lists. */
  readonly ordinal: number;
  target: string;
  status: DeliveryStatus;
  /** `null`: it is out of its line. */
  place: "head" | "waiting" | null;
  attemptCount: number;
  roundAttempts: number;
  attempts: readonly DeliveryAttempt[];
  nextAttemptAt: number | null;
  finishedAt: number | null;
  lease: { readonly token: string; readonly expiresAt: number } | null;
}

/** What the deliveries are made of, apart from their jobs. */
export interface DeliveryQueue {
  linkBase: string;
  feeds: readonly string[];
  lastOrdinal: number;
  /** In insertion order. */
  readonly rows: Map<string, DeliveryRow>;
  readonly listeners: Set<() => void>;
}

export function createDeliveryQueue(): DeliveryQueue {
  return { linkBase: "", feeds: [], lastOrdinal: 0, rows: new Map(), listeners: new Set() };
}

/** Runs a transaction that appends events, and queues the deliveries that they cause. */
export function withDeliveries<T>(tables: MemoryTables, transaction: () => T): T {
  const before = tables.lastPosition;
  const result = transaction();
  let queued = 0;
  for (const entry of appendedAfter(tables.log, before)) queued += queueDeliveries(tables, entry);
  if (queued > 0) hintQueued(tables.deliveries);
  return result;
}

export function hintQueued({ listeners }: DeliveryQueue): void {
  for (const listener of listeners) listener();
}

/** From the end: the log is long, and what was appended is little. */
function appendedAfter(log: readonly LogEntry[], position: number): readonly LogEntry[] {
  let start = log.length;
  while (start > 0 && log[start - 1]!.position > position) start--;
  return log.slice(start);
}

function queueDeliveries({ jobs, endpoints, deliveries }: MemoryTables, { event }: LogEntry): number {
  const { job } = jobs.get(event.jobId)!;
  const targets = targetsOf(job, event.type, endpoints.values());
  const made = newDeliveries(targets, { job, event }, deliveries);
  for (const delivery of made) append(deliveries, delivery);
  return made.length;
}

function append(queue: DeliveryQueue, delivery: NewDelivery): void {
  const isHead = ![...queue.rows.values()].some(({ line, place }) => line === delivery.line && place !== null);
  queue.rows.set(delivery.id, {
    ...delivery,
    ordinal: ++queue.lastOrdinal,
    status: "PENDING",
    place: isHead ? "head" : "waiting",
    attemptCount: 0,
    roundAttempts: 0,
    attempts: [],
    nextAttemptAt: isHead ? delivery.createdAt : null,
    finishedAt: null,
    lease: null,
  });
}
