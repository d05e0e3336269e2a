// What a handler writes together with its job: statements that are collected, or a transaction that is open since the first `query`.
//
// 1. Statements run in the order of the calls: what was collected before a `query` goes ahead of it.
// 2. A failure is remembered: the transaction behind it is lost, so the attempt must not complete, whatever the handler caught.
// 3. The transaction ends exactly once: by the settling change, or by `rollback`. One that is being opened then is ended, too.
import type { JobTransaction } from "../definition/context.js";
import { type AbortReason, AttemptAbortedError, NonRetryableError } from "../definition/handler-errors.js";
import { isPromise } from "../is-promise.js";
import type { UserStatement } from "../store/job-store.js";
import type { OpenTransaction, QueryResult, TransactionStore } from "../store/transaction-store.js";

type Transactions = Pick<TransactionStore, "begin">;

export class OwnWrites {
  /** Collected, and not run yet. */
  statements: UserStatement[] = [];
  readonly #transactions: Transactions | undefined;
  #opening: Promise<OpenTransaction> | undefined;
  #opened: OpenTransaction | undefined;
  #running = 0;
  #resolveIdle: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #endedBy: AbortReason | "over" | undefined;
  #isRolledBack = false;

  /** @param transactions `undefined` where the store has none: then statements can only be collected. */
  constructor(transactions: Transactions | undefined) {
    this.#transactions = transactions;
  }

  get transaction(): OpenTransaction | undefined {
    return this.#opened;
  }

  /** The first thing that went wrong. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Resolves when nothing of it runs any more; `undefined` where that is so now. */
  idle(): Promise<void> | undefined {
    if (this.#running === 0) return undefined;
    return new Promise((resolve) => {
      this.#resolveIdle = resolve;
    });
  }

  commit(work: (transaction: JobTransaction) => unknown): Promise<unknown> | undefined {
    const returned = work({
      run: (sql, values = []) => {
        this.#requireOpen();
        this.statements.push({ sql, values });
      },
      query: (sql, values = []) => this.#watch(this.#query({ sql, values })) as Promise<QueryResult<never>>,
    });
    if (!isPromise(returned)) return undefined;
    const done = this.#watch(Promise.resolve(returned));
    if (this.#transactions === undefined) throw needsTransactions("an async callback of commit");
    return done;
  }

  /** The handler has returned: nothing is added any more. */
  close(): void {
    this.#endedBy ??= "over";
  }

  /** Undoes what was written, unless it is committed; what runs is cut off. */
  rollback(reason: AbortReason | "over" = "over"): void {
    this.#endedBy ??= reason;
    if (this.#isRolledBack) return;
    this.#isRolledBack = true;
    void this.#opening?.then(
      (transaction) => transaction.rollback(),
      () => {}, // told to whoever asked for it
    );
  }

  async #query(statement: UserStatement): Promise<QueryResult> {
    this.#requireOpen();
    if (this.#transactions === undefined) throw needsTransactions("query");
    const before = this.statements;
    this.statements = [];
    this.#opening ??= this.#open(this.#transactions);
    try {
      const transaction = await this.#opening;
      this.#requireOpen();
      // Sent together: the connection takes them in their order.
      const results = await Promise.all([...before, statement].map((each) => transaction.query(each)));
      return results.at(-1)!;
    } catch (error) {
      this.#requireOpen();
      throw error;
    }
  }

  async #open(transactions: Transactions): Promise<OpenTransaction> {
    this.#opened = await transactions.begin();
    return this.#opened;
  }

  #requireOpen(): void {
    if (this.#endedBy === undefined) return;
    throw this.#endedBy === "over"
      ? new NonRetryableError("invalid_commit", "The transaction of commit has ended: the handler has returned.")
      : new AttemptAbortedError(this.#endedBy);
  }

  /** Many handlers do not wait for it: its rejection, unhandled, would end the process. */
  #watch<Value>(promise: Promise<Value>): Promise<Value> {
    this.#running++;
    const ended = () => {
      if (--this.#running > 0) return;
      this.#resolveIdle?.();
      this.#resolveIdle = undefined;
    };
    promise.then(ended, (error: unknown) => {
      this.#failure ??= { error };
      ended();
    });
    return promise;
  }
}

function needsTransactions(what: string): NonRetryableError {
  return new NonRetryableError(
    "invalid_commit",
    `${what} needs a store on PostgreSQL. Here, collect the statements in a synchronous callback: commit((transaction) => { transaction.run(sql, values); }).`,
  );
}
