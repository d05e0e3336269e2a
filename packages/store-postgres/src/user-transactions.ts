// Submits inside a transaction of the user's own, by statements on the user's client.
//
// 1. The transaction stays the user's: a savepoint before the first statement, so that a refusal leaves it usable; no setting is
//    changed, nothing is prepared under a name, and every table is named with its schema, whatever the search path.
// 2. The server itself says whether a transaction is open: a savepoint needs one.
// 3. Workers are woken by a NOTIFY inside the transaction, which the server delivers at its commit.
import { type InsertGroup, type InsertResult, type Job, TransactionError, type UserTransaction } from "@meanwhile/core";
import { parserOf, type Transaction } from "./database.js";
import { codeOf } from "./errors.js";
import { type JobInserts, KeyTaken } from "./job-inserts.js";
import { toJob } from "./rows.js";
import { findJob } from "./statements/find-job.js";
import { notifyProcesses } from "./statements/notify-processes.js";
import type { Statement } from "./statements/statement.js";

/** A `Client` or `PoolClient` of `pg`, between the user's BEGIN and COMMIT; or whatever runs statements on one connection as these do. */
export interface PostgresTransaction {
  query(statement: PostgresQuery): Promise<PostgresRows>;
  /** A `Pool` has it: each of its queries may go to another connection. */
  readonly totalCount?: never;
}

export interface PostgresQuery {
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what pg takes.
  values: any[];
  readonly rowMode: "array";
  // biome-ignore lint/suspicious/noExplicitAny: what pg takes.
  readonly types: { getTypeParser: any };
}

export interface PostgresRows {
  // biome-ignore lint/suspicious/noExplicitAny: as pg gives them.
  readonly rows: any[];
  readonly rowCount: number | null;
}

declare module "@meanwhile/core" {
  interface UserTransactions {
    postgres: PostgresTransaction;
  }
}

export interface UserTransactionOptions {
  readonly schema: string;
  /** That processes listen to. */
  readonly channel: string;
}

export function createUserTransactions(
  { inserts }: { inserts: Pick<JobInserts, "insertInto"> },
  { schema, channel }: UserTransactionOptions,
) {
  const texts = new WeakMap<object, string>();
  const textOf = (statement: Statement<readonly unknown[], unknown>): string => {
    const known = texts.get(statement);
    if (known !== undefined) return known;
    const text = nameSchema(statement.sql, schema);
    texts.set(statement, text);
    return text;
  };

  const sessionOn = (client: PostgresTransaction): Transaction => {
    let last: Promise<unknown> = Promise.resolve();
    // One after the other: not every client takes a query while another one is under way.
    const send = (statement: Statement<readonly unknown[], unknown>, values: readonly unknown[]) => {
      const query: PostgresQuery = { text: textOf(statement), values: [...values], rowMode: "array", types: OUR_TYPES };
      const sent = last.then(() => client.query(query));
      last = sent.catch(() => {}); // whoever sent it is told
      return sent;
    };
    return {
      list: async (statement, values) => (await send(statement as never, values)).rows as never,
      run: async (statement, values) => (await send(statement as never, values)).rowCount ?? 0,
      exec: async (sql) => {
        await simple(client, sql);
        return 0;
      },
    };
  };

  return {
    async insertInto(
      given: UserTransaction,
      group: InsertGroup,
      options: { now?: number } = {},
    ): Promise<InsertResult> {
      const client = requireClient(given);
      const session = sessionOn(client);
      await simple(client, "savepoint meanwhile_submit").catch(explain(schema));
      try {
        const result = await untilNotOvertaken(client, () => inserts.insertInto(session, group, options));
        const isNew = result.outcome === "stored" && result.items.some(({ outcome }) => outcome === "created");
        // No process takes it for a hint of its own: this one, too, learns only so that there is work.
        if (isNew) await session.run(notifyProcesses, [channel, ""]);
        await simple(client, "release savepoint meanwhile_submit");
        return result;
      } catch (error) {
        await simple(client, UNDO).catch(() => {}); // the connection is gone, and the transaction with it
        throw await explain(schema)(error);
      }
    },

    async findIn(given: UserTransaction, jobId: string): Promise<Job | undefined> {
      const [row] = await sessionOn(requireClient(given)).list(findJob, [jobId]);
      return row && toJob(row);
    },
  };
}

const UNDO = "rollback to savepoint meanwhile_submit; release savepoint meanwhile_submit";

/** Whoever took the key has committed by then: now it is found. */
async function untilNotOvertaken<T>(client: PostgresTransaction, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error;
      await simple(client, "rollback to savepoint meanwhile_submit");
    }
  }
}

/** Every table of ours by its schema. Ours are the only names that begin so. */
export function nameSchema(sql: string, schema: string): string {
  return sql.replaceAll(/(?<![\w.])meanwhile_\w+/g, (name) => `${schema}.${name}`);
}

/** The user's client may have parsers of its own; our rows are read with ours. */
const OUR_TYPES = { getTypeParser: parserOf };

async function simple(client: PostgresTransaction, sql: string): Promise<void> {
  await (client.query as unknown as (text: string) => Promise<unknown>).call(client, sql);
}

function requireClient(given: unknown): PostgresTransaction {
  const client = given as PostgresTransaction & { totalCount?: unknown };
  if (typeof given !== "object" || given === null || typeof client.query !== "function") {
    throw new TransactionError(
      "unfit",
      `transaction is ${given === null ? "null" : typeof given}; it must be your pg client (a Client, or what pool.connect() gives), between its BEGIN and its COMMIT.`,
    );
  }
  if (typeof client.totalCount === "number") {
    throw new TransactionError(
      "unfit",
      "transaction is a Pool, whose queries go to any connection. Take a client with pool.connect(), run BEGIN on it, and give that client.",
    );
  }
  return client;
}

/** @returns what rejects with it: a mistake of the caller's as such; what concerns the whole transaction as the server said it. */
function explain(schema: string): (error: unknown) => Promise<never> {
  return async (cause) => {
    const told = TOLD[codeOf(cause)];
    if (told === undefined) throw cause;
    throw new TransactionError(told[0], told[1].replaceAll("{schema}", schema), { cause });
  };
}

const TOLD: Readonly<Record<string, readonly [TransactionError["reason"], string]>> = {
  "25P01": [
    "not_begun",
    "The client given as transaction is in no transaction: what it writes would be committed at once. Run BEGIN on it first, await the submit, then COMMIT.",
  ],
  "25P02": [
    "failed",
    "The transaction has failed at an earlier statement, so that only ROLLBACK is left to it. Look at the error of that statement.",
  ],
  "25006": ["read_only", "The transaction is read-only: begin it with READ WRITE, on the primary."],
  "42P01": [
    "no_tables",
    'The database of the transaction has no tables of meanwhile in its schema "{schema}": the client must be connected to the database of the store.',
  ],
  "3F000": [
    "no_tables",
    'The database of the transaction has no schema "{schema}": the client must be connected to the database of the store.',
  ],
  "42501": [
    "denied",
    "The role of the client may not write the tables of meanwhile. Grant it: GRANT USAGE ON SCHEMA {schema} TO role; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO role; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO role.",
  ],
};
