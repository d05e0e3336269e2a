// Tables: a reader of the source's rows feeds a writer of the target's, row by row, in memory that does not grow with the file.
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Outcome, RecognisedRequest } from "../conversion.js";
import { ConversionError } from "../conversion-error.js";
import { MAX_TABLE_OUTPUT_BYTES } from "../limits.js";
import type { Row, Table } from "./cell.js";
import { readCsv } from "./csv-reader.js";
import { writeCsv } from "./csv-writer.js";
import { readJson } from "./json-reader.js";
import { writeJson } from "./json-writer.js";
import { withXlsx } from "./xlsx-reader.js";
import { writeXlsx } from "./xlsx-writer.js";

export async function convertTable(request: RecognisedRequest): Promise<Outcome> {
  const source = { path: request.sourcePath, sizeBytes: request.sizeBytes, signal: request.signal };
  if (request.sourceFormat === "xlsx") return withXlsx(source, (table) => write(table, request));
  return write(request.sourceFormat === "csv" ? readCsv(source) : readJson(source), request);
}

async function write(table: Table, request: RecognisedRequest): Promise<Outcome> {
  const rows = reported(table, request);
  const bytes =
    request.targetFormat === "xlsx"
      ? writeXlsx(rows)
      : Readable.from(inChunks(request.targetFormat === "csv" ? writeCsv(rows) : writeJson(rows)), {
          objectMode: false,
        });
  await pipeline(bytes, limited, createWriteStream(request.outputPath), { signal: request.signal });
  return { notes: table.notes() };
}

const ROWS_PER_REPORT = 1_000;

/** Passes the rows on and says how far they are. @throws ConversionError `empty_file` when there are none. */
async function* reported(table: Table, request: RecognisedRequest): AsyncGenerator<Row> {
  let count = 0;
  for await (const row of table.rows) {
    count += 1;
    if (count % ROWS_PER_REPORT === 0) {
      request.signal.throwIfAborted();
      await request.onProgress(Math.min(table.fractionRead(), 0.99), `Row ${count.toLocaleString("en")}`);
    }
    yield row;
  }
  if (count === 0) throw new ConversionError("empty_file", `"${request.sourceName}" has no rows.`);
  await request.onProgress(1, `Converted ${count.toLocaleString("en")} rows`);
}

const CHUNK_CHARACTERS = 64 * 1024;

/** Joins the texts of rows: a write per row would cost more than the row. */
async function* inChunks(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

async function* limited(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_TABLE_OUTPUT_BYTES)
      throw new ConversionError("output_too_large", `The table would be larger than ${MAX_TABLE_OUTPUT_BYTES} bytes.`);
    yield chunk;
  }
}
