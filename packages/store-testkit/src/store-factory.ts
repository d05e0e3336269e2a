// What a store gives to the suite: how to open it, and what it cannot do.
import type { Store } from "@meanwhile/core";

export interface StoreFactory {
  /** A new store: migrated, empty, shared with nobody. */
  open(): Promise<Store>;

  /** A second connection to the same data, as another process would have it. */
  reopen?(store: Store): Promise<Store>;

  /** Closes a store of either kind and, with the last of them, removes its data. */
  close(store: Store): Promise<void>;

  /** The n-th value in the text of a user statement, counted from 1. Default: `?`. */
  placeholder?(index: number): string;
}

/** `userStatements`: commits SQL of the user's own. `secondConnection`: several processes share the data. */
export type Capability = "userStatements" | "secondConnection";

/** What a store lacks, said aloud in the list of tests. */
export interface SkippedCapability {
  readonly capability: Capability;
  readonly reason: string;
}
