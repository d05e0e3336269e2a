// What the main thread and the store's thread say to each other: batches of calls and of answers.
import { AppError, type Store } from "@meanwhile/core";

/** The parts of the port whose methods all take plain records and give a promise of plain records. */
export type RoomName =
  | ("jobs" | "events" | "logs" | "files" | "apiKeys")
  | ("secrets" | "deliveries" | "webhookEndpoints");

export type Call =
  | { id: number; room: RoomName; method: string; values: readonly unknown[] }
  | { id: number; room: "store"; method: "migrate" | "check" | "close"; values: readonly [] };

export type Answer = { id: number; result?: unknown } | { id: number; error: ErrorRecord };

/** Text where JSON can carry all of it, which is a quarter cheaper than a structured clone; else the records themselves. */
export type Batch<Item> = string | readonly Item[];

export type ToThread = { calls: Batch<Call> } | { watch: boolean };
export type FromThread = { answers: Batch<Answer> } | { hint: true };

export const ROOM_METHODS: { readonly [Room in RoomName]: readonly (keyof Store[Room] & string)[] } = {
  jobs: [
    ...(["insert", "claim", "commit", "extendLeases", "find", "findTombstone", "list", "countAhead"] as const),
    ...(["countWaiting", "makeReady", "findDue", "findPurgeable", "purge", "removeTombstones"] as const),
  ],
  events: ["read", "lastSeqs", "readLog", "logEnd"],
  logs: ["append", "read"],
  files: ["insert", "find", "link", "linkedTo", "findExpired", "remove"],
  apiKeys: ["insert", "findByHash", "list", "revoke"],
  secrets: ["ensure"],
  // All but those that give no promise.
  deliveries: ["claim", "settle", "handBack", "find", "list", "requeue", "recover", "stop", "prune"],
  webhookEndpoints: ["insert", "find", "list", "update", "remove"],
};

export function pack<Item>(items: readonly Item[]): Batch<Item> {
  return isJson(items) ? JSON.stringify(items) : items;
}

export function unpack<Item>(batch: Batch<Item>): readonly Item[] {
  return typeof batch === "string" ? (JSON.parse(batch) as readonly Item[]) : batch;
}

/** Bytes, maps and big integers only survive a structured clone. */
function isJson(value: unknown): boolean {
  if (typeof value === "bigint") return false;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isJson);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const name in value) if (!isJson(value[name as keyof typeof value])) return false;
  return true;
}

/** An error loses its class on the way to another thread. */
export interface ErrorRecord {
  message: string;
  stack: string | undefined;
  app: Pick<AppError, "code" | "details" | "faults" | "retryAfterMs"> | undefined;
}

export function toErrorRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined, app: undefined };
  const { message, stack } = error;
  if (!(error instanceof AppError)) return { message, stack, app: undefined };
  const { code, details, faults, retryAfterMs } = error;
  return { message, stack, app: { code, details, faults, retryAfterMs } };
}

export function fromErrorRecord({ message, stack, app }: ErrorRecord): Error {
  if (app === undefined) return Object.assign(new Error(message), { stack });
  const { code, details, faults, retryAfterMs } = app;
  return new AppError(code, { message, details, faults, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}
