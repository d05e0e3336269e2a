// What the file system's errors mean to callers.
import { AppError } from "@meanwhile/core";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The place is there in principle, and does not do its work now. */
const AWAY = new Set([
  "EACCES",
  "EBUSY",
  "EIO",
  "EISDIR",
  "EMFILE",
  "ENFILE",
  "ENODEV",
  "ENOENT",
  "ENOTDIR",
  "ENXIO",
  "EPERM",
  "EROFS",
  "ESTALE",
]);

export function isFullDisk(error: unknown): boolean {
  return FULL.has(codeOf(error));
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** Errors of the source (a client that went away, an abort, a file that is too large) pass as they are. */
export function toWriteError(error: unknown, folder: string): unknown {
  if (error instanceof AppError || !isFileSystemError(error)) return error;
  if (isFullDisk(error)) {
    return new AppError("store_unavailable", {
      message: "There is no room for files. Try again later.",
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    });
  }
  if (!AWAY.has(error.code)) return error;
  // The folder's path is for the operator, who reads the cause; callers need not know it.
  return new AppError("store_unavailable", {
    message: "Files cannot be kept now. Try again later.",
    retryAfterMs: RETRY_AFTER_MS,
    cause: new Error(`The folder ${folder} cannot be written: ${error.message}`, { cause: error }),
  });
}

/** Missing bytes are a missing file; anything else stays what it is. */
export function toReadError(error: Error | null, fileId: string): Error | null {
  if (error === null || !isMissing(error)) return error;
  return new AppError("file_not_found", {
    message: "There is no such file, or it has expired.",
    details: { fileId },
    cause: error,
  });
}

/** Somebody has to make room first. */
const RETRY_AFTER_MS = 30_000;

function isFileSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && "syscall" in error && typeof codeOf(error) === "string" && codeOf(error) !== "";
}

function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === "string" ? code : "";
}
