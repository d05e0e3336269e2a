// Runs a user's own statements inside the transaction that completes a job, and lets none of them end it.
import type { UserStatement } from "@meanwhile/core";
import { PLANNER_CHOICES, type Transaction } from "./database.js";

/** @throws the server's error of the first one that fails; TypeError where one is not allowed here. */
export async function runUserStatements(transaction: Transaction, statements: readonly UserStatement[]): Promise<void> {
  if (statements.length === 0) return;
  await choosePlans(transaction, "on");
  for (const { sql, values } of statements) {
    requireAllowed(sql);
    await transaction.exec(sql, values);
  }
  await choosePlans(transaction, "off");
}

/** The user's statements are planned as ever; the setting ends with the transaction. */
export async function choosePlans(transaction: Transaction, setting: "on" | "off"): Promise<void> {
  const cache = setting === "on" ? "auto" : "force_generic_plan";
  const settings = [...PLANNER_CHOICES.map((choice) => `${choice} = ${setting}`), `plan_cache_mode = ${cache}`];
  await transaction.exec(settings.map((each) => `set local ${each}`).join("; "));
}

/** Everything else could end the transaction, or change the connection under us. */
const ALLOWED = [
  "insert",
  "update",
  "delete",
  "merge",
  "with",
  "select",
  "values",
  "create",
  "alter",
  "drop",
  "truncate",
];

// The server itself refuses several statements in one text.
export function requireAllowed(sql: string): void {
  const code = sql.replace(/^(\s|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/, "");
  const word = /^[a-z]+/i.exec(code)?.[0].toLowerCase() ?? "";
  if (ALLOWED.includes(word)) return;
  throw new TypeError(
    `A statement to commit begins with "${word}"; allowed are ${ALLOWED.join(", ")}. ` +
      `It runs inside the transaction that completes the job: ${sql.length > 200 ? `${sql.slice(0, 200)} …` : sql}`,
  );
}
