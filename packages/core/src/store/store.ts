// The storage port: everything that outlives a process. One room per file; this one binds them together.
import type { ApiKeyStore } from "./api-key-store.js";
import type { DeliveryStore } from "./delivery-store.js";
import type { EventStore } from "./event-store.js";
import type { FileRecordStore } from "./file-record-store.js";
import type { JobLogStore } from "./job-log-store.js";
import type { JobStore } from "./job-store.js";
import type { SecretStore } from "./secret-store.js";
import type { TransactionStore } from "./transaction-store.js";
import type { WebhookEndpointStore } from "./webhook-endpoint-store.js";

/**
 * A store. It applies what core decided, mechanically; only `claim`, `makeReady` and the `find…` queries are rules
 * written in its own language, and the conformance suite holds them against the pure table.
 *
 * Every method that depends on the time takes an optional `now` (epoch milliseconds) for tests; without it the
 * store's own clock decides (invariant I8).
 *
 * A method that cannot reach the database, or finds the disk full, rejects with `AppError` `store_unavailable`, having
 * written nothing; or, where the connection died during COMMIT, having read back what became of it.
 */
export interface Store {
  /** What it is, for logs and `doctor`: for instance `sqlite:./data/meanwhile.db`. Never a password. */
  readonly name: string;
  readonly jobs: JobStore;
  readonly events: EventStore;
  readonly logs: JobLogStore;
  readonly files: FileRecordStore;
  readonly apiKeys: ApiKeyStore;
  readonly secrets: SecretStore;
  readonly deliveries: DeliveryStore;
  readonly webhookEndpoints: WebhookEndpointStore;
  /** Transactions shared with users. Default: the store has none to share. */
  readonly transactions?: TransactionStore;

  /** The store's clock, in epoch milliseconds. */
  now(): Promise<number>;

  /**
   * Calls `listener` soon after another process has committed something, perhaps too often, perhaps never (I5): a
   * hint. The store may only look while somebody watches.
   *
   * @returns ends the watching; may be called twice.
   */
  watch(listener: () => void): () => void;

  /** Brings the tables to this version of the code; harmless where they already are. @throws AppError `store_unavailable` with what to do. */
  migrate(): Promise<void>;

  /** Looks whether the store can be written and read now. Never rejects. */
  check(): Promise<StoreHealth>;

  /** Waits for writes under way, then lets go of files and connections. May be called twice. */
  close(): Promise<void>;
}

export type StoreHealth =
  | {
      readonly ok: true;
      readonly facts: Readonly<Record<string, string | number>>;
      /** What works now and will hurt: for people, never a reason to refuse work. Default: none. */
      readonly warnings?: readonly StoreWarning[];
    }
  | { readonly ok: false; readonly reason: string };

export interface StoreWarning {
  /** What it is about, in a word or two. */
  readonly name: string;
  readonly message: string;
  /** What would do. */
  readonly advice: string;
}
