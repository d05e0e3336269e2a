// Places at which a process under test kills itself: at the n-th time that it comes by.
import { subscribe } from "@meanwhile/core";
import { onStatements } from "./statements.js";

/**
 * `…-uncommitted`: everything of the transaction is written, and its commit is the next statement.
 * `…-committed`: the transaction is durable, and nobody has been told.
 * `deliver-uncommitted`: the receiver has taken it, and nobody here knows.
 * `statement`: any statement at all, the first ones of the start included.
 */
export const KILL_POINTS = [
  "insert-uncommitted",
  "insert-committed",
  "claim-uncommitted",
  "claim-committed",
  "settle-uncommitted",
  "settle-committed",
  "deliver-uncommitted",
  "statement",
] as const;

export type KillPoint = (typeof KILL_POINTS)[number];

export interface KillPlan {
  readonly point: KillPoint;
  /** Counted from 1. */
  readonly atHit: number;
}

/** Also returned: the hit that nothing but a wrapper of the store can see. */
export function armKill({ point, atHit }: KillPlan): { settled(): void } {
  let hits = 0;
  const pass = (passed: KillPoint) => {
    if (passed !== point || ++hits < atHit) return;
    // Not an exit: no handler, no flush and no checkpoint may run.
    process.kill(process.pid, "SIGKILL");
  };
  subscribe("meanwhile:submit", () => pass("insert-committed"));
  subscribe("meanwhile:claim", ({ count }) => {
    if (count > 0) pass("claim-committed");
  });
  const writes = new WeakMap<object, Set<KillPoint>>();
  onStatements(({ connection, sql, values }) => {
    pass("statement");
    if (/^begin\b/.test(sql)) writes.set(connection, new Set());
    else if (sql === "commit") for (const kind of writes.get(connection) ?? []) pass(kind);
    else for (const [kind, does] of WRITES) if (does(sql, values)) writes.get(connection)?.add(kind);
  });
  return { settled: () => pass("settle-committed") };
}

type Test = (sql: string, values: readonly unknown[]) => boolean;

const WRITES: readonly (readonly [KillPoint, Test])[] = [
  ["insert-uncommitted", (sql) => /insert into meanwhile_jobs\s/.test(sql)],
  ["claim-uncommitted", (sql) => /lease_worker_id = [?$]/.test(sql)],
  ["settle-uncommitted", (sql, values) => /update meanwhile_jobs\s/.test(sql) && names(values, TERMINAL_STATUSES)],
  ["deliver-uncommitted", (sql, values) => /update meanwhile_deliveries\s/.test(sql) && names(values, ["DELIVERED"])],
];

/** Whether one of the words is among the values, or the lists of values. */
function names(values: readonly unknown[], words: readonly string[]): boolean {
  return values.some((value) => words.some((word) => value === word || (Array.isArray(value) && value.includes(word))));
}

const TERMINAL_STATUSES = ["COMPLETED", "FAILED", "CANCELLED"];

/** `settle-committed:3` as a plan. */
export function readKillPlan(text: string | undefined): KillPlan | undefined {
  if (text === undefined || text === "") return undefined;
  const [point, atHit] = text.split(":");
  const known = KILL_POINTS.find((each) => each === point);
  if (known === undefined || !(Number(atHit) >= 1)) {
    throw new Error(`A kill plan is <point>:<hit> with a point of ${KILL_POINTS.join(", ")}; got ${text}.`);
  }
  return { point: known, atHit: Number(atHit) };
}
