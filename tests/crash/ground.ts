// What a herd of processes stands on: a store, seen from outside by an auditor with a shell.
import type { Facts } from "./audit/facts.js";

export interface Ground {
  /** The store's address for the processes: its kind stands before the colon. */
  readonly address: string;
  /** Jobs that are not over, and deliveries that are not sent. */
  countUnfinished(): Promise<number>;
  /** To be called when every process has ended. @param journals What the workers noted. */
  readFacts(journals: readonly string[]): Promise<Facts>;
  close(): Promise<void>;
}
