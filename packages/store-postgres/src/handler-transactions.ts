// The transactions in which handlers write together with their job's completion.
//
// 1. At most half of the connections are held by handlers: what settles, claims and prolongs leases never waits for one of theirs.
// 2. The user's statements come first; the fence, the change itself, comes last, and its miss undoes all of it (invariant I4).
// 3. Nothing here is done again: a handler has seen what its statements gave. What fails fails the attempt.
import type { Change, Clock, CommitResult, OpenTransaction, QueryResult, UserStatement } from "@meanwhile/core";
import type { Database } from "./database.js";
import type { DeliveryWriter } from "./delivery-writer.js";
import { unavailable } from "./errors.js";
import type { HeldTransaction } from "./held-transaction.js";
import { GUARD_FAILED, type JobCommits } from "./job-commits.js";
import { choosePlans, requireAllowed } from "./user-statements.js";

export interface HandlerTransactionOptions {
  readonly poolSize: number;
  /** Longest time that a handler waits for its connection. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
}

interface Parts {
  readonly commits: Pick<JobCommits, "applyBehind" | "forget">;
  readonly deliveries: Pick<DeliveryWriter, "hint">;
}

export function createHandlerTransactions(
  database: Database,
  parts: Parts,
  { poolSize, connectTimeoutMs, clock }: HandlerTransactionOptions,
) {
  const limit = Math.floor(poolSize / 2);
  let held = 0;
  const waiting: (() => void)[] = [];

  /** @throws AppError `store_unavailable` where none is given back in time. */
  const take = async (): Promise<void> => {
    if (held < limit) {
      held++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(connectTimeoutMs, () => {
        waiting.splice(waiting.indexOf(given), 1);
        reject(
          unavailable(
            `${database.where} has ${limit} connections for context.commit (half of poolSize), and other handlers of this process hold all of them. ` +
              "Let the commit be the last thing that a handler does, or raise poolSize.",
          ),
        );
      });
      const given = () => {
        cancel();
        resolve();
      };
      waiting.push(given);
    });
  };

  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) held--;
    else next();
  };

  return {
    async begin(): Promise<OpenTransaction> {
      await take();
      try {
        const transaction = await beginOn(database);
        return openOn(transaction, { ...parts, toError: database.toError, giveBack });
      } catch (error) {
        giveBack();
        throw database.toError(error);
      }
    },
  };
}

async function beginOn(database: Database): Promise<HeldTransaction> {
  const transaction = await database.begin();
  try {
    await choosePlans(transaction, "on");
    return transaction;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

function openOn(
  transaction: HeldTransaction,
  { commits, deliveries, toError, giveBack }: Parts & { toError(error: unknown): unknown; giveBack(): void },
): OpenTransaction {
  let isOver = false;
  const end = async (): Promise<void> => {
    await transaction.rollback();
    giveBack();
  };

  const settle = async (
    changes: readonly Change[],
    userStatements: readonly UserStatement[],
  ): Promise<readonly CommitResult[]> => {
    for (const { sql, values } of userStatements) {
      requireAllowed(sql);
      await transaction.query(sql, values);
    }
    await choosePlans(transaction, "off");
    const applied = await commits.applyBehind(transaction, changes);
    if (applied === undefined) return changes.map(() => GUARD_FAILED);
    await transaction.commit(applied.isThere);
    commits.forget(changes);
    if (applied.queued) deliveries.hint();
    return applied.results;
  };

  return {
    async query({ sql, values }: UserStatement): Promise<QueryResult> {
      requireAllowed(sql);
      const { rows, rowCount } = await transaction.query(sql, values);
      return { rows, rowCount: rowCount ?? 0 };
    },
    async commit(changes, { userStatements }) {
      if (isOver) throw new Error("The transaction of the handler has ended.");
      isOver = true;
      try {
        return await settle(changes, userStatements);
      } catch (error) {
        throw toError(error);
      } finally {
        await end();
      }
    },
    async rollback() {
      if (isOver) return;
      isOver = true;
      await end();
    },
  };
}
