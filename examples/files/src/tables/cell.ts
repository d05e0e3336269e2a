// What a cell of a table can hold, between any two formats.

/**
 * - text stays text: `007` is no number, whatever it looks like
 * - a number keeps its digits as written, so that long ones lose nothing: `{ literal: "12345678901234567890" }`
 * - `null` is a cell without a value
 */
export type Cell = string | boolean | null | NumberCell;

export interface NumberCell {
  readonly literal: string;
}

export type Row = readonly Cell[];

/** A table on its way: rows in order, the first one names the columns. */
export interface Table {
  readonly rows: AsyncIterable<Row>;
  /** How much has been read so far, from 0 to 1. */
  fractionRead(): number;
  /** What the table left out, known once its rows are read. */
  notes(): readonly string[];
}

/** The cell as csv writes it, and as people read it. */
export function cellText(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "string") return cell;
  if (typeof cell === "boolean") return cell ? "true" : "false";
  return cell.literal;
}
