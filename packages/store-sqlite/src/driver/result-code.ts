// Reads SQLite's primary result code out of the error of either driver.

/** The primary codes on which this store decides something; every other one is `OTHER`. */
const CODES: ReadonlyMap<number, ResultCode> = new Map([
  [5, "BUSY"],
  [6, "LOCKED"],
  [7, "NOMEM"],
  [8, "READONLY"],
  [10, "IOERR"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [14, "CANTOPEN"],
  [15, "PROTOCOL"],
  [19, "CONSTRAINT"],
  [26, "NOTADB"],
]);

export type ResultCode =
  | "BUSY"
  | "LOCKED"
  | "NOMEM"
  | "READONLY"
  | "IOERR"
  | "CORRUPT"
  | "FULL"
  | "CANTOPEN"
  | "PROTOCOL"
  | "CONSTRAINT"
  | "NOTADB"
  | "OTHER";

/** @returns `undefined` where the error is not SQLite's. */
export function resultCode(error: unknown): ResultCode | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // node:sqlite gives the extended number; its lowest byte is the primary code.
  if (error.code === "ERR_SQLITE_ERROR") {
    return "errcode" in error && typeof error.errcode === "number"
      ? (CODES.get(error.errcode & 0xff) ?? "OTHER")
      : "OTHER";
  }
  // better-sqlite3 gives the extended name, for instance SQLITE_BUSY_SNAPSHOT.
  if (!error.code.startsWith("SQLITE_")) return undefined;
  const primary = error.code.split("_")[1];
  for (const name of CODES.values()) if (name === primary) return name;
  return "OTHER";
}
