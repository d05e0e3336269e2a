// Reads a json array of flat objects, one object at a time, in memory that does not grow with the file.
//
// Read twice: once for the columns (the union of all keys, in the order of their first appearance), once for the rows.
import { ConversionError } from "../conversion-error.js";
import { MAX_COLUMNS } from "../limits.js";
import { readTextPieces } from "../text/decode-text.js";
import type { Cell, Row, Table } from "./cell.js";
import { parseFlatObject } from "./flat-object.js";
import { splitArray } from "./split-array.js";

export function readJson(source: { path: string; sizeBytes: number; signal: AbortSignal }): Table {
  let bytesRead = 0;
  let bytesOfEarlierPasses = 0;
  async function* objects(): AsyncGenerator<ReadonlyMap<string, Cell>> {
    async function* text() {
      for await (const piece of readTextPieces(source.path, source.signal)) {
        bytesRead = bytesOfEarlierPasses + piece.bytesRead;
        yield piece.text;
      }
    }
    let number = 0;
    for await (const element of splitArray(text())) {
      number += 1;
      yield parseFlatObject(element, number);
    }
    bytesOfEarlierPasses = bytesRead;
  }
  async function* rows(): AsyncGenerator<Row> {
    const columns = await collectColumns(objects());
    yield columns;
    for await (const object of objects()) yield columns.map((column) => object.get(column) ?? null);
  }
  return { rows: rows(), fractionRead: () => bytesRead / (2 * source.sizeBytes), notes: () => [] };
}

async function collectColumns(objects: AsyncIterable<ReadonlyMap<string, Cell>>): Promise<readonly string[]> {
  const columns = new Set<string>();
  for await (const object of objects) {
    for (const key of object.keys()) columns.add(key);
    if (columns.size > MAX_COLUMNS)
      throw new ConversionError("too_many_columns", `The objects have more than ${MAX_COLUMNS} different keys.`);
  }
  if (columns.size === 0) throw new ConversionError("not_tabular", "The array is empty: it names no columns.");
  return [...columns];
}
