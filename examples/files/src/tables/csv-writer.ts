// Writes csv as RFC 4180 has it: commas, quotes where needed, CRLF, UTF-8 without a byte order mark.
import { type Cell, cellText, type Row } from "./cell.js";

export async function* writeCsv(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield `${row.map(quoted).join(",")}\r\n`;
}

function quoted(cell: Cell): string {
  const text = cellText(cell);
  // A lone empty cell is quoted by nobody and reads as an empty row; that is what it is.
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
