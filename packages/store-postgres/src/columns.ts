// Rows as PostgreSQL takes a batch of them: a list per column, for `unnest`.

/** @param width The number of columns; an empty batch has them, too. */
export function columnsOf(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  const columns: unknown[][] = [];
  for (let column = 0; column < width; column++) columns.push(rows.map((row) => row[column]));
  return columns;
}
