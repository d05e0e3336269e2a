// The turn queues of `concurrencyKey`: one job per owner and key may be ready or running, in join order.
//
// 1. A job joins when it is due: at insert, or in `makeReady`.
// 2. Only the head may be `ready` or leased; the others are `blocked`.
// 3. The head keeps its place through retries and hand-backs; being terminal ends the turn.
// 4. A job may leave from the middle: cancelled while it was blocked.
import type { Job, Readiness } from "../../job/job.js";
import { willDraw } from "./memory-places.js";
import { type MemoryTables, ownedKey } from "./memory-tables.js";

/** The readiness of a job that is due now. A job that holds its place already does not join again. */
export function joinTurn(tables: MemoryTables, job: Job): Readiness {
  if (job.concurrencyKey === null) return "ready";
  const name = ownedKey(job.owner, job.concurrencyKey);
  const queue = tables.turns.get(name) ?? [];
  if (!queue.includes(job.id)) queue.push(job.id);
  tables.turns.set(name, queue);
  return queue[0] === job.id ? "ready" : "blocked";
}

/**
 * Takes a finished job out of its queue; whoever is the head then may be claimed.
 *
 * @returns the type of the job that became ready by it.
 */
export function endTurn(tables: MemoryTables, job: Job): string | undefined {
  if (job.concurrencyKey === null) return undefined;
  const name = ownedKey(job.owner, job.concurrencyKey);
  const left = (tables.turns.get(name) ?? []).filter((jobId) => jobId !== job.id);
  const [head] = left;
  if (head === undefined) {
    tables.turns.delete(name);
    return undefined;
  }
  tables.turns.set(name, left);
  const row = tables.jobs.get(head)!;
  if (row.job.readiness !== "blocked") return undefined;
  row.job = { ...row.job, readiness: "ready" };
  willDraw(tables, row);
  return row.job.type;
}
