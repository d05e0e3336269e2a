// A transaction that stays open while a handler works in it, and gives its connection back exactly once.
import pg from "pg";
import type { Transaction, WriteOptions } from "./database.js";
import { isConnectionLoss } from "./errors.js";
import { currentTransaction } from "./statements/current-transaction.js";

export interface HeldTransaction extends Transaction {
  /** A statement of the user's own; rows come as `pg` gives them to everybody. */
  query(sql: string, values: readonly unknown[]): Promise<pg.QueryResult>;
  /**
   * Once it resolves, it has committed; once it rejects, it has not, or nobody knows.
   *
   * @param isThere As of `WriteOptions`.
   */
  commit(isThere: WriteOptions["isThere"]): Promise<void>;
  /** Also while a statement runs: that is cut off, and its locks are free soon. Never rejects. */
  rollback(): Promise<void>;
}

export interface HoldOptions {
  readonly transaction: Transaction;
  /** Asks what became of a commit whose connection died, when the connection has been given back. Rejects unless it was made. */
  judge(lost: { xid: string; error: unknown; isThere: WriteOptions["isThere"] }): Promise<void>;
  /** Something was committed. */
  written(): void;
  /** Asks the server to stop what this process of it does. */
  cancel(processId: number): void;
}

/** @param client In no transaction yet; the caller begins one. */
export function holdTransaction(client: pg.PoolClient, options: HoldOptions): HeldTransaction {
  const { transaction } = options;
  const onError = () => {}; // the query under way is told the same
  client.on("error", onError);
  let running = 0;
  let isReleased = false;

  const release = (isBroken: boolean): void => {
    if (isReleased) return;
    isReleased = true;
    // Its end is reported only after the release.
    if (!isBroken) client.off("error", onError);
    client.release(isBroken);
  };

  return {
    ...transaction,
    async query(sql, values) {
      running++;
      try {
        return await client.query({ text: sql, values: [...values], ...AS_FOR_EVERYBODY } as unknown as pg.QueryConfig);
      } finally {
        running--;
      }
    },
    async commit(isThere) {
      let lost: { xid: string; error: unknown } | undefined;
      let isGood = false;
      try {
        // Drawn this late, because readers of the whole log wait for whoever has an id.
        const [[xid]] = (await transaction.list(currentTransaction, [])) as [[string]];
        try {
          await client.query("commit");
          isGood = true;
        } catch (error) {
          if (!isConnectionLoss(error)) throw error;
          lost = { xid, error };
        }
      } finally {
        release(!isGood);
      }
      if (lost !== undefined) await options.judge({ ...lost, isThere });
      options.written();
    },
    async rollback() {
      if (isReleased) return;
      if (running > 0) {
        const { processID } = client as unknown as { processID: number | null };
        release(true);
        if (processID !== null) options.cancel(processID);
        return;
      }
      let isGood = false;
      try {
        await client.query("rollback");
        isGood = true;
      } catch {
        // The connection is gone, and the transaction with it.
      }
      release(!isGood);
    },
  };
}

/** Extended: the server then takes one statement only. The parsers are those that `pg` has for everybody, not ours. */
const AS_FOR_EVERYBODY = { queryMode: "extended", types: pg.types };
