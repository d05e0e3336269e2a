// What a statement is: its name, its whole text, and the types of what goes in and comes out.

/** Values are positional; rows come as arrays: naming every column of every row costs more than reading it. */
export interface Statement<Parameters extends readonly unknown[], Row> {
  /** Under this name a connection keeps it prepared. */
  readonly name: string;
  readonly sql: string;
  /** Carries the types only; never there. */
  readonly types?: (parameters: Parameters) => Row;
}

export function statement<Parameters extends readonly unknown[] = [], Row = never>(
  name: string,
  sql: string,
): Statement<Parameters, Row> {
  return { name: `meanwhile_${name}`, sql };
}

/** The instant that a statement works with, in epoch milliseconds: the given one, or the server's (invariant I8). */
export const now = (parameter: string): string =>
  `coalesce(${parameter}::bigint, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)`;
