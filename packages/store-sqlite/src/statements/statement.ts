// A statement as text, with the types of its parameters and rows.
import type { SqlValue } from "../driver/driver.js";

/** Parameters are positional: binding by name costs a look-up per value and row. */
export interface Statement<Parameters extends readonly SqlValue[], Row> {
  readonly sql: string;
  /** Carries the types only; never there. */
  readonly types?: (parameters: Parameters) => Row;
}

export function statement<Parameters extends readonly SqlValue[] = [], Row = never>(
  sql: string,
): Statement<Parameters, Row> {
  return { sql };
}

/**
 * How every statement says its limit. A bare `limit ?` is planned anew whenever it is bound, as SQLite's planner looks at
 * the value: forty times the cost of the statement itself.
 */
export const LIMIT = "limit ? + 0";
