// For tests: workbooks made and read by an independent implementation.
import ExcelJS from "exceljs";

export type Grid = ReadonlyArray<ReadonlyArray<unknown>>;

export async function makeXlsx(sheets: Readonly<Record<string, Grid>>): Promise<Buffer> {
  const workbook = new ExcelJS.Workbook();
  for (const [name, rows] of Object.entries(sheets)) workbook.addWorksheet(name).addRows(rows.map((row) => [...row]));
  return Buffer.from(await workbook.xlsx.writeBuffer());
}

/** The values of the first sheet, empty cells as `undefined`. */
export async function readXlsx(bytes: Buffer): Promise<Grid> {
  const workbook = new ExcelJS.Workbook();
  await workbook.xlsx.load(bytes as unknown as ExcelJS.Buffer);
  const rows: unknown[][] = [];
  workbook.worksheets[0]!.eachRow((row) => rows.push((row.values as unknown[]).slice(1)));
  return rows;
}
