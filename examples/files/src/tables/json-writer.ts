// Writes rows as a json array of objects, keyed by the first row.
import { ConversionError } from "../conversion-error.js";
import { type Cell, cellText, type Row } from "./cell.js";

/**
 * Rules: a column without a name is `column_3`, a repeated name gets a number (`name_2`), a short row ends in `null`s.
 *
 * @throws ConversionError `not_tabular` when a row is longer than the header: its value would have no key.
 */
export async function* writeJson(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let keys: readonly string[] | undefined;
  let number = 0;
  for await (const row of rows) {
    number += 1;
    if (keys === undefined) {
      keys = uniqueNames(row).map((name) => JSON.stringify(name));
      yield "[";
      continue;
    }
    yield `${number === 2 ? "\n" : ",\n"}${objectText(keys, row, number)}`;
  }
  yield keys === undefined ? "[]\n" : "\n]\n";
}

function objectText(keys: readonly string[], row: Row, number: number): string {
  if (row.length > keys.length) requireEmptyTail(keys.length, row, number);
  // Put together as text: a column may be called `__proto__`.
  return `{${keys.map((key, column) => `${key}:${cellJson(row[column] ?? null)}`).join(",")}}`;
}

/** Sheets and careless writers end rows in empty cells; only a value that would be lost is an error. */
function requireEmptyTail(columns: number, row: Row, number: number): void {
  const at = row.findIndex((cell, column) => column >= columns && cell !== null && cell !== "");
  if (at === -1) return;
  throw new ConversionError(
    "not_tabular",
    `Row ${number} has a value in column ${at + 1}, but the first row names ${columns} columns only.`,
  );
}

function cellJson(cell: Cell): string {
  if (cell === null || typeof cell !== "object") return JSON.stringify(cell);
  return JSON_NUMBER.test(cell.literal) ? cell.literal : JSON.stringify(cell.literal);
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function uniqueNames(header: Row): readonly string[] {
  const taken = new Set<string>();
  return header.map((cell, column) => {
    const wanted = cellText(cell) || `column_${column + 1}`;
    let name = wanted;
    for (let number = 2; taken.has(name); number += 1) name = `${wanted}_${number}`;
    taken.add(name);
    return name;
  });
}
