// What the auditor looks at: the rows and events of a stopped system, as plain data.
import { readFileSync } from "node:fs";
import type { JournalEntry } from "../../program/journal.js";

export interface JobFact {
  readonly id: string;
  readonly owner: string;
  readonly status: string;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly lastSeq: number;
  readonly hasLease: boolean;
  readonly readiness: string | null;
  readonly cancelRequestedBy: string | null;
  readonly concurrencyKey: string | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly updatedAt: number;
  readonly completedAt: number | null;
  readonly result: string | null;
}

export interface EventFact {
  readonly position: number;
  readonly jobId: string;
  readonly seq: number;
  readonly type: string;
  readonly status: string;
  readonly at: number;
  readonly attempt: number;
  readonly data: Record<string, unknown> | null;
}

export interface KeyFact {
  readonly owner: string;
  readonly key: string;
  readonly jobId: string;
}

/** Under which lease a change was written that drew `lastSeq`: noted by a trigger, inside the same transaction. */
export interface WitnessedLease {
  readonly jobId: string;
  readonly lastSeq: number;
  readonly leaseToken: string | null;
}

export interface Facts {
  readonly integrity: readonly string[];
  readonly jobs: readonly JobFact[];
  /** In an order in which no event stands before one that it builds on, in whichever job. */
  readonly events: readonly EventFact[];
  /** Events whose job is not there. */
  readonly orphanEvents: number;
  /** `undefined` where the store cannot be looked into. */
  readonly keys: readonly KeyFact[] | undefined;
  readonly witnessed: readonly WitnessedLease[];
  /** What the workers were told they had written. */
  readonly journal: readonly JournalEntry[];
}

/** What one worker was told that it had written. */
export function readJournal(file: string): readonly JournalEntry[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as JournalEntry);
}
