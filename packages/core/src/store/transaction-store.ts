// The part of the storage port that shares transactions with users: theirs, which a submit joins, and one of the store's, in which a
// handler writes.
import type { Change } from "../job/change.js";
import type { Job, JobId } from "../job/job.js";
import type { CommitResult, InsertGroup, InsertResult, UserStatement } from "./job-store.js";

/** What a submit may join: every store that can adds the kind that it knows, under its name. Core looks at none of them. */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled by the packages of stores.
export interface UserTransactions {}

/** A transaction that the user opened and will end. Which types fit is said by the stores that the program imports. */
export type UserTransaction = UserTransactions[keyof UserTransactions];

/** Absent in stores that have no transactions to share. */
export interface TransactionStore {
  /**
   * As `JobStore.insert` stores one group, but by statements on the user's own connection: jobs, events, keys and deliveries are
   * there when the user commits, and never were when the user rolls back. Processes are woken by the commit.
   *
   * A refusal leaves the transaction usable. A key that another running transaction holds is waited for.
   *
   * @throws TransactionError where nothing can be joined; the database's own error where the user has to run the whole
   *   transaction again.
   */
  insertInto(transaction: UserTransaction, group: InsertGroup, options?: { now?: number }): Promise<InsertResult>;

  /** `JobStore.find`, as this transaction sees it. */
  findIn(transaction: UserTransaction, jobId: JobId): Promise<Job | undefined>;

  /** Opens a transaction of the store's own. @throws AppError `store_unavailable` where none is free in time. */
  begin(): Promise<OpenTransaction>;
}

/** A transaction for the statements of a handler; ended by `commit` or `rollback`, whichever comes first. */
export interface OpenTransaction {
  /** @throws the database's error of the statement; TypeError where it is not allowed here. */
  query(statement: UserStatement): Promise<QueryResult>;

  /**
   * `JobStore.commit` behind all that was written so far: the fence is taken last. Ends the transaction, whatever comes; where a
   * guard misses, or it rejects, nothing of it was written.
   */
  commit(
    changes: readonly Change[],
    options: { userStatements: readonly UserStatement[] },
  ): Promise<readonly CommitResult[]>;

  /** Undoes all of it and frees the connection, also while a statement runs. May be called twice. Never rejects. */
  rollback(): Promise<void>;
}

export interface QueryResult<Row = Record<string, unknown>> {
  readonly rows: readonly Row[];
  /** How many rows the statement gave or touched. */
  readonly rowCount: number;
}
