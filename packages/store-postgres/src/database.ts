// The connections of this process: reads on any of them, and transactions whose outcome is always known.
//
// 1. A transaction knows its id before it writes. Where the connection dies during COMMIT, the server is asked what became of
//    that id before anybody judges (commit-outcome.ts).
// 2. What certainly was not committed, and failed for a reason that passes, is done again here; the rest is the caller's.
// 3. No setting is changed on a connection: they come with its start, or are local to one transaction.
// 4. Every connection begins with the question which server it leads to (server-identity.ts): a replica is refused, and in
//    another cluster the log begins a new generation before anything is written there.
// 5. A server that stops answering without a word is given up when a statement takes longer than it may: no call waits for ever.
import type { Clock } from "@meanwhile/core";
import pg from "pg";
import { type CommitOutcome, judgeCommit } from "./commit-outcome.js";
import { isConflict, isConnectionLoss, isReadOnly, passesSoon, toStoreError, unavailable } from "./errors.js";
import { type HeldTransaction, holdTransaction } from "./held-transaction.js";
import { type ResolvedPostgresStoreOptions, shownUrl } from "./options.js";
import { greetServer, type ServerIdentity } from "./server-identity.js";
import { currentTransaction } from "./statements/current-transaction.js";
import type { Statement } from "./statements/statement.js";

export interface Session {
  list<Parameters extends readonly unknown[], Row>(
    statement: Statement<Parameters, Row>,
    values: Parameters,
  ): Promise<readonly Row[]>;
  /** @returns how many rows it touched. */
  run<Parameters extends readonly unknown[]>(
    statement: Statement<Parameters, unknown>,
    values: Parameters,
  ): Promise<number>;
}

export interface Transaction extends Session {
  /**
   * Texts of users and of migrations; one statement where there are values.
   *
   * @returns how many rows it touched, where it is one statement.
   */
  exec(sql: string, values?: readonly unknown[]): Promise<number>;
}

export interface Database extends Session {
  /** For people: the address without what opens it. */
  readonly where: string;
  /**
   * Runs `work` in a transaction (read committed), again where it met another one. Whatever it throws undoes all of it.
   *
   * @throws AppError `store_unavailable` where the server is away, or cannot say any more what became of a commit.
   */
  write<T>(work: (transaction: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>;
  /** Opens a transaction that its caller ends, on a connection of its own until then. */
  begin(): Promise<HeldTransaction>;
  /** What went wrong, as callers of the store are told. */
  toError(error: unknown): unknown;
  /** Calls back after every write of this process. */
  onWrite(listener: () => void): void;
  close(): Promise<void>;
}

export interface WriteOptions {
  /** `false`: does not wait for the disk. Only for what may be done again. Default: true. */
  durable?: boolean;
  /**
   * Looks for something that `work` wrote in the transaction of this id, and nobody else can have written; `undefined` where
   * there is no such thing. Asked only where the server crashed during the commit. Default: nobody can tell then, and the caller
   * hears that it may be done.
   */
  isThere?(session: Session, xid: string): Promise<boolean | undefined>;
}

/** How often work is done again that stood in another transaction's way. */
const CONFLICT_ATTEMPTS = 6;

/**
 * The waits before work is done again for which there was no connection, or a replica: long enough for a crash recovery without
 * much to recover, and for a proxy that changes over; short enough for a caller to hear of a real outage.
 */
const LOSS_PAUSES_MS = [20, 100, 300] as const;

/** How long a process asks what became of a commit, and how often. */
const OUTCOME_WAIT_MS = 5_000;
const OUTCOME_EVERY_MS = 100;

export function createDatabase(options: ResolvedPostgresStoreOptions): Database {
  const { clock } = options;
  const where = `The PostgreSQL database ${shownUrl(options.url)}`;
  const identities = new WeakMap<pg.ClientBase, ServerIdentity>();
  let cluster: string | undefined;
  const greet = async (client: pg.ClientBase): Promise<void> => {
    const identity = await greetServer(sessionOn(client), { knownCluster: cluster });
    cluster = identity.cluster;
    identities.set(client, identity);
  };
  const pool = new pg.Pool({
    ...connectionConfig(options),
    max: options.poolSize,
    idleTimeoutMillis: 30_000,
    onConnect: greet,
  } as pg.PoolConfig);
  // A connection that dies while nobody uses it is replaced; whoever needs the next one learns what is wrong.
  pool.on("error", () => {});
  // Of a connection that dies in use the query under way is told; without a listener of its own it would end the process.
  pool.on("connect", (client) => void client.on("error", () => {}));
  const listeners: (() => void)[] = [];
  let closing: Promise<void> | undefined;

  const query = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toStoreError(error, where);
    }
  };

  const read = <Parameters extends readonly unknown[], Row>(
    statement: Statement<Parameters, Row>,
    values: Parameters,
  ) => query(() => again(() => pool.query(prepared(statement, values)), { isSafe: passesSoon, clock }));

  const outcomeOf = async (xid: string, server: ServerIdentity, isThere: WriteOptions["isThere"]) => {
    const deadline = clock.now() + OUTCOME_WAIT_MS;
    for (;;) {
      const outcome = await askOutcome(xid, server, isThere).catch((error: unknown): CommitOutcome => {
        if (!passesSoon(error)) throw error;
        return "in progress";
      });
      if (outcome === "committed" || outcome === "aborted") return outcome;
      if (outcome === "unknown" || clock.now() >= deadline) {
        throw unavailable(
          `${where} cut the connection during a commit and does not say what became of it. What was written may be there: ` +
            "a submit with an idempotency key can be repeated safely.",
        );
      }
      await new Promise<void>((resolve) => clock.after(OUTCOME_EVERY_MS, resolve));
    }
  };

  const askOutcome = async (xid: string, server: ServerIdentity, isThere: WriteOptions["isThere"]) => {
    const client = await pool.connect();
    let isBroken = true;
    try {
      const session = sessionOn(client);
      const now = identities.get(client)!;
      const proof = isThere === undefined ? undefined : () => isThere(session, xid);
      const outcome = await judgeCommit(session, { xid, server, now, ...(proof && { isThere: proof }) });
      isBroken = false;
      return outcome;
    } finally {
      client.release(isBroken);
    }
  };

  const begin = async (): Promise<HeldTransaction> => {
    const client = await pool.connect();
    const server = identities.get(client)!;
    const held = holdTransaction(client, {
      transaction: transactionOn(client),
      async judge({ xid, error, isThere }) {
        if ((await outcomeOf(xid, server, isThere)) === "aborted") throw new NotCommitted(error);
      },
      written: () => {
        for (const listener of listeners) listener();
      },
      cancel: (processId) => void pool.query("select pg_cancel_backend($1)", [processId]).catch(ignoreLoss),
    });
    try {
      await client.query("begin isolation level read committed read write");
      return held;
    } catch (error) {
      await held.rollback();
      throw error;
    }
  };

  const attempt = async <T>(work: (transaction: Transaction) => Promise<T>, options: WriteOptions): Promise<T> => {
    const { result, lost } = await tryCommit(work, options);
    if (lost === undefined) return result;
    // Asked on another connection, when this one's place in the pool is free: were all of them lost, none could ask.
    const outcome = await outcomeOf(lost.xid, lost.server, options.isThere);
    if (outcome === "aborted") throw new NotCommitted(lost.error);
    return result;
  };

  const tryCommit = async <T>(
    work: (transaction: Transaction) => Promise<T>,
    { durable = true }: WriteOptions,
  ): Promise<{ result: T; lost?: LostAnswer }> => {
    const client = await pool.connect();
    let isBroken = true;
    try {
      // The first statement of the work travels with them: a server that refuses to begin refuses the rest as well.
      const begun = Promise.all([
        client.query("begin isolation level read committed read write"),
        client.query(prepared(currentTransaction, [])),
        ...(durable ? [] : [client.query("set local synchronous_commit = off")]),
      ]);
      let xid: string;
      let result: T;
      try {
        const [[, transaction], worked] = await together(begun, work(transactionOn(client)));
        xid = (transaction.rows[0] as [string])[0];
        result = worked;
      } catch (error) {
        // A connection to what is a replica now is of no more use: the next one may lead to the primary.
        const isUseless = isConnectionLoss(error) || isReadOnly(error);
        if (!isUseless) await client.query("rollback").then(() => (isBroken = false), ignoreLoss);
        throw error;
      }
      try {
        await client.query("commit");
        isBroken = false;
        return { result };
      } catch (error) {
        if (!isConnectionLoss(error)) throw error;
        return { result, lost: { xid, server: identities.get(client)!, error } };
      }
    } finally {
      client.release(isBroken);
    }
  };

  return {
    where,
    list: async (statement, values) => (await read(statement, values)).rows as never,
    run: async (statement, values) => (await read(statement, values)).rowCount ?? 0,
    async write(work, options = {}) {
      const result = await query(() => again(() => attempt(work, options), { isSafe: mayBeDoneAgain, clock }));
      for (const listener of listeners) listener();
      return result;
    },
    begin: () => query(() => again(begin, { isSafe: passesSoon, clock })),
    toError: (error) => toStoreError(error, where),
    onWrite: (listener) => void listeners.push(listener),
    close: () => (closing ??= pool.end()),
  };
}

/** What every connection of ours starts with; also the one that listens. */
export function connectionConfig(options: ResolvedPostgresStoreOptions): pg.ClientConfig {
  const url = new URL(options.url);
  const settings = [
    url.searchParams.get("options") ?? "",
    // The user's own tables are found as ever; ours all begin with meanwhile_.
    `-c search_path=${options.schema},public`,
    `-c lock_timeout=${options.lockTimeoutMs}`,
    `-c statement_timeout=${options.statementTimeoutMs}`,
    `-c idle_in_transaction_session_timeout=${options.statementTimeoutMs}`,
    // Compiling a plan takes longer than any of our statements.
    "-c jit=off",
    // On new tables the planner takes a batch for larger than its table, and the prepared statement keeps that plan while the table
    // grows. All of ours go from the items of a batch to the rows by an index.
    ...PLANNER_CHOICES.map((choice) => `-c ${choice}=off`),
    // One plan for every size of a batch: the one that the tests look at.
    "-c plan_cache_mode=force_generic_plan",
  ];
  url.searchParams.delete("options");
  return {
    connectionString: url.href,
    options: settings.join(" ").trim(),
    application_name: url.searchParams.get("application_name") ?? "meanwhile",
    connectionTimeoutMillis: options.connectTimeoutMs,
    query_timeout: options.statementTimeoutMs + ANSWER_GRACE_MS,
    keepAlive: true,
    // A host that went without a word is noticed soon, also by the connection that only listens.
    keepAliveInitialDelayMillis: 10_000,
    pipeline: true,
    types: { getTypeParser: parserOf },
  } as pg.ClientConfig;
}

/** Texts without values are our own: what a migration does may take its time. */
const UNWATCHED_MS = 86_400_000;

/** Beyond its longest time a statement has failed on the server, unless that has gone without a word. */
const ANSWER_GRACE_MS = 5_000;

/** What the planner may not choose for our statements. */
export const PLANNER_CHOICES = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"] as const;

const BIGINT = 20;

// Numbers, instants and positions of ours all fit into a number; pg gives them as text for those that do not.
export function parserOf(oid: number, format?: "text" | "binary"): (text: string) => unknown {
  return oid === BIGINT ? Number : pg.types.getTypeParser(oid, format as "text");
}

/** Waits for both, whichever fails: nothing of the work may be under way behind the end of its transaction. */
async function together<A, B>(begun: Promise<A>, work: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([begun, work]);
  return Promise.all([begun, work]);
}

function sessionOn(client: pg.ClientBase): Session {
  return {
    list: async (statement, values) => (await client.query(prepared(statement, values))).rows as never,
    run: async (statement, values) => (await client.query(prepared(statement, values))).rowCount ?? 0,
  };
}

function transactionOn(client: pg.PoolClient): Transaction {
  const { list, run } = sessionOn(client);
  return {
    list,
    run,
    async exec(sql, values) {
      // Extended, also without values: the server then takes one statement only.
      const query =
        values === undefined
          ? { text: sql, query_timeout: UNWATCHED_MS }
          : { text: sql, values: [...values], queryMode: "extended" };
      return (await client.query(query as pg.QueryConfig)).rowCount ?? 0;
    },
  };
}

function prepared<Parameters extends readonly unknown[], Row>(
  { name, sql }: Statement<Parameters, Row>,
  values: Parameters,
): pg.QueryArrayConfig {
  return { name, text: sql, values: [...values], rowMode: "array" };
}

/** A commit whose connection died before it answered. */
interface LostAnswer {
  readonly xid: string;
  readonly server: ServerIdentity;
  readonly error: unknown;
}

/** The connection died during COMMIT, and the server says that nothing was written. Never leaves this file. */
class NotCommitted extends Error {
  constructor(cause: unknown) {
    super("Connection terminated during a commit that did not happen", { cause });
  }
}

const mayBeDoneAgain = (error: unknown): boolean =>
  isConflict(error) || passesSoon(error) || error instanceof NotCommitted;

async function again<T>(
  work: () => Promise<T>,
  { isSafe, clock }: { isSafe: (error: unknown) => boolean; clock: Clock },
): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = isConflict(error) ? conflictPauseMs(count) : LOSS_PAUSES_MS[count - 1];
      if (pauseMs === undefined || !isSafe(error)) throw error;
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
  }
}

function conflictPauseMs(count: number): number | undefined {
  return count < CONFLICT_ATTEMPTS ? count * count : undefined;
}

/** The connection went with the rollback: it is thrown away, and the transaction with it. */
function ignoreLoss(): void {}
