// Rows as PostgreSQL takes a batch of them: a list per column, for `unnest`.
//
// The lists of jobs and events go over in the binary format: neither side escapes, quotes or parses anything. A column whose rows
// all hold the same value goes over as that value alone, which most columns of most batches do.

/** @param width The number of columns; an empty batch has them, too. */
export function columnsOf(rows: readonly (readonly unknown[])[], width: number): unknown[][] {
  const columns: unknown[][] = [];
  for (let column = 0; column < width; column++) columns.push(rows.map((row) => row[column]));
  return columns;
}

export type Columns = readonly (readonly [name: string, type: ColumnType])[];
export type ColumnType = "text" | "integer" | "bigint" | "boolean" | "bytea";

/** The parameters of `batchOf` with the same types: all lists, then the value of each column that has only one. */
export function packedColumns(rows: readonly (readonly unknown[])[], types: readonly ColumnType[]): unknown[] {
  const lists: unknown[] = [];
  const values: unknown[] = [];
  for (let column = 0; column < types.length; column++) {
    // The first column says how many rows there are.
    const isOneValue = column > 0 && hasOneValue(rows, column);
    lists.push(isOneValue ? "{}" : listOf(rows, column, types[column]!));
    values.push(isOneValue ? rows[0]![column] : null);
  }
  return [...lists, ...values];
}

/** A batch as a table: what the columns are called, of which types, and the place of its first parameter. */
export function batchOf(columns: Columns, first = 1): string {
  const last = first + columns.length - 1;
  const values = columns.map(
    ([name, type], index) => `coalesce(lists.${name}, $${last + 1 + index}::${type}) as ${name}`,
  );
  const lists = columns.map(([, type], index) => `$${first + index}::${type}[]`);
  return `(select ${values.join(", ")}, lists.place
            from unnest(${lists.join(", ")})
                 with ordinality as lists (${columns.map(([name]) => name).join(", ")}, place))`;
}

function hasOneValue(rows: readonly (readonly unknown[])[], column: number): boolean {
  const value = rows[0]?.[column];
  for (const row of rows) if (row[column] !== value) return false;
  return true;
}

/** Element types, by which the server knows them. */
const OIDS: Readonly<Record<ColumnType, number>> = { boolean: 16, bytea: 17, bigint: 20, integer: 23, text: 25 };
/** Bytes of an element, without its length; of texts and bytes it is their own. */
const SIZES: Readonly<Record<ColumnType, number>> = { boolean: 1, bytea: 0, bigint: 8, integer: 4, text: 0 };
const HEADER_BYTES = 20;
const BYTES_PER_UTF16_UNIT = 3;
const TWO_TO_32 = 4_294_967_296;

/** One dimension, lower bound 1; an element is its length and its bytes, and the length -1 is null. */
function listOf(rows: readonly (readonly unknown[])[], column: number, type: ColumnType): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + mostBytes(rows, column, type));
  let hasNull = 0;
  let at = HEADER_BYTES;
  for (const row of rows) {
    const value = row[column];
    if (value === null || value === undefined) {
      hasNull = 1;
      at = buffer.writeInt32BE(-1, at);
      continue;
    }
    const end = writeElement(buffer, value, at + 4);
    buffer.writeInt32BE(end - at - 4, at);
    at = end;
  }
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(hasNull, 4);
  buffer.writeInt32BE(OIDS[type], 8);
  buffer.writeInt32BE(rows.length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer.subarray(0, at);

  function writeElement(into: Buffer, value: unknown, start: number): number {
    switch (type) {
      case "text":
        return start + into.write(value as string, start, "utf8");
      case "bytea":
        into.set(value as Uint8Array, start);
        return start + (value as Uint8Array).byteLength;
      case "bigint":
        into.writeInt32BE(Math.floor((value as number) / TWO_TO_32), start);
        return into.writeInt32BE((value as number) | 0, start + 4);
      case "integer":
        return into.writeInt32BE(value as number, start);
      case "boolean":
        return into.writeUInt8(value === true ? 1 : 0, start);
    }
  }
}

function mostBytes(rows: readonly (readonly unknown[])[], column: number, type: ColumnType): number {
  let bytes = rows.length * (4 + SIZES[type]);
  if (type !== "text" && type !== "bytea") return bytes;
  for (const row of rows) {
    const value = row[column] as string | Uint8Array | null;
    if (typeof value === "string") bytes += value.length * BYTES_PER_UTF16_UNIT;
    else if (value !== null) bytes += value.byteLength;
  }
  return bytes;
}
