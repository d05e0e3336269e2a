// Runs a user's own statements inside the transaction that completes a job, and lets none of them end it.
import type { UserStatement } from "@meanwhile/core";
import type { Connection } from "./connection.js";
import type { SqliteStatement, SqlValue } from "./driver/driver.js";
import { resultCode } from "./driver/result-code.js";

export interface UserStatements {
  /** @throws the driver's error of the first one that fails; TypeError where one is not allowed here. */
  run(statements: readonly UserStatement[]): void;
}

/** Handlers use a handful of texts; whoever builds them from values must not fill the memory. */
const KEPT_STATEMENTS = 64;

export function createUserStatements(connection: Connection): UserStatements {
  const compiled = new Map<string, SqliteStatement>();

  const prepare = (sql: string): SqliteStatement => {
    try {
      return connection.driver.prepare(sql);
    } catch (error) {
      // The handler's own mistake, whatever table it names: not a file that lacks ours.
      if (resultCode(error) !== "OTHER") throw error;
      throw new TypeError(`A statement to commit cannot be run: ${(error as Error).message}: ${shorten(sql)}`, {
        cause: error,
      });
    }
  };

  const compile = (sql: string): SqliteStatement => {
    const kept = compiled.get(sql);
    if (kept !== undefined) return kept;
    requireOneStatement(sql);
    const statement = prepare(sql);
    if (compiled.size >= KEPT_STATEMENTS) compiled.clear();
    compiled.set(sql, statement);
    return statement;
  };

  return {
    run(statements) {
      for (const { sql, values } of statements) {
        compile(sql).run(...values.map((value, index) => toSqlValue(value, { index, sql })));
      }
    },
  };
}

/** Everything else could end the transaction, or change the connection under us. */
const ALLOWED = ["insert", "update", "delete", "replace", "with", "select", "values", "create", "alter", "drop"];

/** @throws TypeError where the text is not exactly one statement that leaves the transaction alone. */
export function requireOneStatement(sql: string): void {
  const code = sql.replaceAll(COMMENT_OR_QUOTED, (found) => (/^(--|\/\*)/.test(found) ? " " : "''"));
  const [first = "", ...more] = code.split(";").map((part) => part.trim());
  if (more.some((part) => part !== "")) {
    throw new TypeError(`A statement to commit holds several statements; give each its own: ${shorten(sql)}`);
  }
  const word = /^[a-z]+/i.exec(first)?.[0].toLowerCase() ?? "";
  if (!ALLOWED.includes(word)) {
    throw new TypeError(
      `A statement to commit begins with "${word}"; allowed are ${ALLOWED.join(", ")}. ` +
        `It runs inside the transaction that completes the job: ${shorten(sql)}`,
    );
  }
}

// In this order at each place: line comment, block comment (may be open), text, and the three ways to quote a name.
const COMMENT_OR_QUOTED = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]/g;

function toSqlValue(value: unknown, { index, sql }: { index: number; sql: string }): SqlValue {
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "bigint")
    return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Uint8Array) return value;
  const what = value instanceof Date ? "a Date (give its time as a number or text)" : typeof value;
  throw new TypeError(
    `Value ${index + 1} of a statement to commit is ${what}, which SQLite cannot keep: ${shorten(sql)}`,
  );
}

const shorten = (sql: string): string => (sql.length > 200 ? `${sql.slice(0, 200)} …` : sql);
