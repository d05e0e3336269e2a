// Reads csv row by row. Every value is text. The separator is found in the first line.
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { ConversionError } from "../conversion-error.js";
import { MAX_COLUMNS, MAX_ROW_CHARACTERS } from "../limits.js";
import { readTextPieces } from "../text/decode-text.js";
import type { Row, Table } from "./cell.js";

export function readCsv(source: { path: string; sizeBytes: number; signal: AbortSignal }): Table {
  let bytesRead = 0;
  async function* rows(): AsyncGenerator<Row> {
    const pieces = readTextPieces(source.path, source.signal);
    const first = await pieces.next();
    if (first.done) return;
    async function* text() {
      for (let piece = first; !piece.done; piece = await pieces.next()) {
        bytesRead = piece.value.bytesRead;
        yield piece.value.text;
      }
    }
    yield* parseRows(text(), findSeparator(first.value.text));
  }
  return { rows: rows(), fractionRead: () => bytesRead / source.sizeBytes, notes: () => [] };
}

async function* parseRows(text: AsyncIterable<string>, separator: string): AsyncGenerator<Row> {
  const parser = parse({
    delimiter: separator,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARACTERS,
  });
  const input = Readable.from(text);
  input.once("error", (error) => parser.destroy(error));
  input.pipe(parser);
  try {
    for await (const row of parser) {
      const cells = row as string[];
      if (cells.length > MAX_COLUMNS) throw tooManyColumns(cells.length);
      yield cells;
    }
  } catch (error) {
    throw error instanceof CsvError ? damaged(error) : error;
  } finally {
    input.destroy();
    parser.destroy();
  }
}

/** The candidate that splits the first line most often, quoted text apart; a comma when none does. */
export function findSeparator(start: string): string {
  const firstLine = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(start.replace(/^\uFEFF/, "").slice(0, 16_384))?.[0] ?? "";
  const unquoted = firstLine.replace(/"(?:[^"]|"")*"/g, "");
  const counts = [",", ";", "\t", "|"].map((separator) => ({ separator, count: unquoted.split(separator).length - 1 }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).separator;
}

function tooManyColumns(count: number): ConversionError {
  return new ConversionError("too_many_columns", `A row has ${count} columns; at most ${MAX_COLUMNS}.`);
}

function damaged(cause: CsvError): ConversionError {
  const reason =
    cause.code === "CSV_MAX_RECORD_SIZE"
      ? `A row is longer than ${MAX_ROW_CHARACTERS} characters, perhaps because a quote is not closed.`
      : `The csv cannot be read: ${cause.message}`;
  return new ConversionError("corrupt_file", reason, { cause });
}
