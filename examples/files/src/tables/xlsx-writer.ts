// Writes rows as a workbook of one sheet. Texts stand in their cells (not in a shared list), so nothing is kept in memory.
import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import { ConversionError } from "../conversion-error.js";
import { MAX_XLSX_CELL_CHARACTERS, MAX_XLSX_COLUMNS, MAX_XLSX_ROWS } from "../limits.js";
import type { Cell, NumberCell, Row } from "./cell.js";

/**
 * The stream fails with ConversionError `too_many_rows`, `too_many_columns` or `cell_too_long` at the row that does not fit.
 * It is pulled: no row is taken before there is room for it.
 */
export function writeXlsx(rows: AsyncIterable<Row>): Readable {
  const zip = new ZipFile();
  // yazl's typings know the older stream interface only; it is a PassThrough.
  const output = zip.outputStream as Readable;
  const sheet = Readable.from(sheetXml(rows), { objectMode: false, highWaterMark: 64 * 1024 });
  sheet.once("error", (error) => output.destroy(error));
  output.once("close", () => sheet.destroy());
  for (const [name, xml] of Object.entries(PARTS)) zip.addBuffer(Buffer.from(XML + xml), name, { mtime: WRITTEN_AT });
  zip.addReadStreamLazy(SHEET_PART, { mtime: WRITTEN_AT }, (give) => give(null, sheet));
  zip.end();
  return output;
}

const SHEET_PART = "xl/worksheets/sheet1.xml";

/** The same table gives the same file; this is the first moment a zip can name. */
const WRITTEN_AT = new Date(1980, 0, 1);

const XML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n`;
const SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATION_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships";
const CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";

const PARTS: Readonly<Record<string, string>> = {
  "[Content_Types].xml":
    `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
    `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT_TYPE}.sheet.main+xml"/>` +
    `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${CONTENT_TYPE}.worksheet+xml"/></Types>`,
  "_rels/.rels":
    `<Relationships xmlns="${RELATIONS}">` +
    `<Relationship Id="rId1" Type="${RELATION_TYPES}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  "xl/workbook.xml":
    `<workbook xmlns="${SHEETS}" xmlns:r="${RELATION_TYPES}">` +
    `<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  "xl/_rels/workbook.xml.rels":
    `<Relationships xmlns="${RELATIONS}">` +
    `<Relationship Id="rId1" Type="${RELATION_TYPES}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
};

async function* sheetXml(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let chunk = `${XML}<worksheet xmlns="${SHEETS}"><sheetData>`;
  let number = 0;
  for await (const row of rows) {
    number += 1;
    if (number > MAX_XLSX_ROWS)
      throw new ConversionError(
        "too_many_rows",
        `The table has more than ${MAX_XLSX_ROWS} rows, the most a sheet holds.`,
      );
    if (row.length > MAX_XLSX_COLUMNS)
      throw new ConversionError(
        "too_many_columns",
        `Row ${number} has ${row.length} columns; at most ${MAX_XLSX_COLUMNS}.`,
      );
    chunk += `<row r="${number}">${row.map((cell, column) => cellXml(cell, column, number)).join("")}</row>`;
    if (chunk.length < 64 * 1024) continue;
    yield chunk;
    chunk = "";
  }
  yield `${chunk}</sheetData></worksheet>`;
}

function cellXml(cell: Cell, column: number, row: number): string {
  if (cell === null || cell === "") return "";
  const at = `${columnLetters(column)}${row}`;
  if (typeof cell === "boolean") return `<c r="${at}" t="b"><v>${cell ? 1 : 0}</v></c>`;
  if (typeof cell === "object")
    return isExactInSheets(cell) ? `<c r="${at}"><v>${cell.literal}</v></c>` : textXml(cell.literal, at);
  return textXml(cell, at);
}

function textXml(text: string, at: string): string {
  if (text.length > MAX_XLSX_CELL_CHARACTERS)
    throw new ConversionError(
      "cell_too_long",
      `Cell ${at} has ${text.length} characters; at most ${MAX_XLSX_CELL_CHARACTERS}.`,
    );
  return `<c r="${at}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(text)}</t></is></c>`;
}

/** Sheets calculate with 15 digits: a longer number would change, so it stays text. */
function isExactInSheets({ literal }: NumberCell): boolean {
  const digits = literal
    .replace(/[eE].*$/, "")
    .replace(/\D/g, "")
    .replace(/^0+/, "");
  return digits.length <= 15 && Number.isFinite(Number(literal));
}

const LETTERS: string[] = [];

function columnLetters(column: number): string {
  const known = LETTERS[column];
  if (known !== undefined) return known;
  const last = String.fromCharCode(65 + (column % 26));
  const letters = column < 26 ? last : columnLetters(Math.floor(column / 26) - 1) + last;
  LETTERS[column] = letters;
  return letters;
}

/** What XML cannot hold is written as `_x001B_`, the format's own way; a text that looks so already is escaped too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose.
const NEEDS_ESCAPE = /[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)/g;

function escapeXml(text: string): string {
  return text.replace(NEEDS_ESCAPE, (character) => {
    if (character === "&") return "&amp;";
    if (character === "<") return "&lt;";
    if (character === ">") return "&gt;";
    return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
  });
}
