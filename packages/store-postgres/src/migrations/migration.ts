// What a migration is: numbered SQL that never changes once it is released, and that processes of older versions live with.
//
// Old and new processes run side by side while a release rolls out, so a change of the tables comes in three steps:
// 1. Expand: add what is new, so that the old code may go on as if it were not there (columns that may be null or have a default).
// 2. Backfill: fill it in batches, each a short transaction.
// 3. Contract: drop what is old, in a later release, when no process uses it any more. `needs` keeps those out that do.

interface MigrationFacts {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /**
   * The version that a process must know to run on tables with this migration: that of the migration before which the code was written
   * last that this one breaks. 0 for one that breaks nobody.
   */
  readonly needs: number;
}

/** Runs in one transaction. What locks a whole table must take no time: it waits for that lock a moment only, and is tried again. */
export interface SchemaMigration extends MigrationFacts {
  readonly sql: string;
}

/** One statement that changes a few hundred rows at most, run in transactions of its own until it changes none. */
export interface BackfillMigration extends MigrationFacts {
  readonly batch: string;
}

export type Migration = SchemaMigration | BackfillMigration;
