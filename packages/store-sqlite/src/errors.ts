// SQLite's failures in words: what happened to which file, and what would do.
import { AppError, ConfigurationError } from "@meanwhile/core";
import { type ResultCode, resultCode } from "./driver/result-code.js";

/** Another connection has the write lock; the same work may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  // PROTOCOL: lost the race for a WAL lock many times over. LOCKED: a schema change in this process.
  return code === "BUSY" || code === "PROTOCOL" || code === "LOCKED";
}

/** When a caller may try again: what is wrong with a file takes a person. */
const RETRY_AFTER_MS = 5_000;

/**
 * An error of a statement as callers see it: the world's failures become `store_unavailable`, everything else (a
 * violated constraint, a mistake in SQL, a refusal of our own) stays what it is.
 */
export function toStoreError(error: unknown, file: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const sentence = isMissingTable(error) ? missingTables(file) : explain(code, file);
  if (sentence === undefined) return error;
  return new AppError("store_unavailable", { message: sentence, retryAfterMs: RETRY_AFTER_MS, cause: error });
}

/** The same at the start, where it stops the start. */
export function toOpenError(error: unknown, file: string): unknown {
  const code = resultCode(error);
  const sentence = code === undefined ? undefined : explain(code, file);
  return sentence === undefined ? error : new ConfigurationError(sentence, { cause: error });
}

export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError("store_unavailable", { message, retryAfterMs: RETRY_AFTER_MS, cause });
}

function explain(code: ResultCode, file: string): string | undefined {
  switch (code) {
    case "BUSY":
    case "LOCKED":
    case "PROTOCOL":
      return `The SQLite file "${file}" is locked by another writer for too long. Look for a process that keeps a transaction open on it (a shell, a backup); a longer busyTimeoutMs only hides it.`;
    case "FULL":
      return `The disk of the SQLite file "${file}" is full. Nothing of this write was stored. Free space there; no restart is needed.`;
    case "READONLY":
      return `The SQLite file "${file}" cannot be written. This process needs to write to the file and to its folder (for "-wal" and "-shm").`;
    case "CANTOPEN":
      return `The SQLite file "${file}" cannot be opened. It must be a file that this process may write, in a folder where it may create others ("-wal" and "-shm").`;
    case "NOTADB":
      return `"${file}" is not an SQLite database. Name another file, or move this one away; a new one is created.`;
    case "CORRUPT":
      return `The SQLite file "${file}" is damaged. Stop every process that uses it, keep a copy, and restore a backup (or try "sqlite3 ${file} .recover").`;
    case "IOERR":
      return `The disk of the SQLite file "${file}" failed to read or write. Look at the system's log; the file must be on a local disk, not on a network share.`;
    case "NOMEM":
      return `SQLite ran out of memory on "${file}".`;
    case "CONSTRAINT":
    case "OTHER":
      return undefined;
    default:
      return assertNever(code);
  }
}

function isMissingTable(error: unknown): boolean {
  return error instanceof Error && /no such (table|column|index): (\w+\.)?meanwhile_/.test(error.message);
}

function missingTables(file: string): string {
  return `The SQLite file "${file}" does not have meanwhile's tables yet. Call migrate() first (or run "meanwhile migrate").`;
}

function assertNever(code: never): never {
  throw new TypeError(`No sentence for ${String(code)}.`);
}
