// Reads the rows of a workbook's first visible sheet as they are unpacked. Rows without any value are left out, as in csv.
import { readXml, type XmlListener } from "../containers/read-xml.js";
import { withZipContainer } from "../containers/zip-container.js";
import { ConversionError } from "../conversion-error.js";
import { MAX_COLUMNS, MAX_ROW_CHARACTERS } from "../limits.js";
import { type Cell, cellText, type Row, type Table } from "./cell.js";
import { sheetDate } from "./sheet-date.js";
import { readWorkbook, TextOfItem, unescapeText, type Workbook } from "./workbook.js";

export async function withXlsx<T>(
  source: { path: string; signal: AbortSignal },
  use: (table: Table) => Promise<T>,
): Promise<T> {
  return withZipContainer(source.path, async (container) => {
    const workbook = await readWorkbook(container);
    const totalBytes = container.sizeBytes(workbook.sheetPart);
    let bytesRead = 0;
    async function* rows(): AsyncGenerator<Row> {
      const sheet = new SheetListener(workbook);
      for await (const progress of readXml(await container.stream(workbook.sheetPart), sheet)) {
        source.signal.throwIfAborted();
        bytesRead = progress.bytesRead;
        yield* sheet.takeRows();
      }
    }
    const others = workbook.sheetCount - 1;
    const notes = others === 0 ? [] : [`Converted the sheet "${workbook.sheetName}"; ${others} more in the workbook.`];
    return use({ rows: rows(), fractionRead: () => bytesRead / Math.max(totalBytes, 1), notes: () => notes });
  });
}

/** Collects the rows of what was parsed so far. */
class SheetListener implements XmlListener {
  readonly #workbook: Workbook;
  readonly #text = new TextOfItem();
  #rows: Row[] = [];
  #row: Cell[] = [];
  #rowNumber = 0;
  #rowCharacters = 0;
  #column = 0;
  #cellType = "n";
  #cellStyle = 0;
  #value = "";
  #inValue = false;

  constructor(workbook: Workbook) {
    this.#workbook = workbook;
  }

  takeRows(): readonly Row[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === "row") this.#openRow(attributes);
    else if (name === "c") this.#openCell(attributes);
    else if (name === "v") this.#inValue = true;
    else this.#text.open(name);
  }

  text(text: string): void {
    if (this.#inValue) this.#value += text;
    else this.#text.add(text);
  }

  close(name: string): void {
    if (name === "v") this.#inValue = false;
    else if (name === "c") this.#closeCell();
    else if (name === "row") this.#closeRow();
    else this.#text.close(name);
  }

  #openRow({ r }: Readonly<Record<string, string>>): void {
    this.#rowNumber = r === undefined ? this.#rowNumber + 1 : Number(r);
    this.#row = [];
    this.#rowCharacters = 0;
    this.#column = -1;
  }

  #openCell({ r, t, s }: Readonly<Record<string, string>>): void {
    this.#column = r === undefined ? this.#column + 1 : columnOf(r);
    if (!(this.#column >= 0 && this.#column < MAX_COLUMNS))
      throw new ConversionError("too_many_columns", `Row ${this.#rowNumber} has more than ${MAX_COLUMNS} columns.`);
    this.#cellType = t ?? "n";
    this.#cellStyle = Number(s ?? 0);
    this.#value = "";
    this.#text.start();
  }

  #closeCell(): void {
    const cell = this.#cell();
    if (cell === null || cell === "") return;
    while (this.#row.length < this.#column) this.#row.push(null);
    this.#row[this.#column] = cell;
    this.#rowCharacters += cellText(cell).length;
    if (this.#rowCharacters > MAX_ROW_CHARACTERS)
      throw new ConversionError(
        "cell_too_long",
        `Row ${this.#rowNumber} has more than ${MAX_ROW_CHARACTERS} characters.`,
      );
  }

  #closeRow(): void {
    if (this.#row.length > 0) this.#rows.push(this.#row);
    this.#row = [];
  }

  #cell(): Cell {
    const value = this.#value;
    if (this.#cellType === "inlineStr") return unescapeText(this.#text.text);
    if (value === "") return null;
    if (this.#cellType === "s") return this.#sharedText(Number(value));
    if (this.#cellType === "b") return value === "1" || value === "true";
    // Errors (#DIV/0!), texts that a formula gave, and days written as text.
    if (this.#cellType === "e" || this.#cellType === "str" || this.#cellType === "d") return unescapeText(value);
    return this.#number(value);
  }

  #sharedText(index: number): string {
    const text = this.#workbook.sharedTexts[index];
    if (text === undefined)
      throw new ConversionError(
        "corrupt_file",
        `Row ${this.#rowNumber} names the shared text ${index}, which does not exist.`,
      );
    return text;
  }

  #number(value: string): Cell {
    const number = Number(value);
    if (!Number.isFinite(number))
      throw new ConversionError("corrupt_file", `Row ${this.#rowNumber} holds "${value}" for a number.`);
    if (this.#workbook.dateStyles[this.#cellStyle]) {
      const date = sheetDate(number, this.#workbook.countsFrom1904);
      if (date !== undefined) return date;
    }
    // Sheets calculate with 15 digits and show no more; 0.1 + 0.2 is stored with 17.
    return { literal: String(Number(number.toPrecision(15))) };
  }
}

/** `C7` is column 2. */
function columnOf(reference: string): number {
  let column = 0;
  for (const letter of reference.toUpperCase()) {
    const value = letter.charCodeAt(0) - 64;
    if (value < 1 || value > 26) break;
    column = column * 26 + value;
  }
  return column - 1;
}
