// Bodies of JSON: from bytes to a value.
import { isUtf8 } from "node:buffer";
import { AppError, parseJsonDocument } from "@meanwhile/core";

/** @throws AppError `invalid_request` for an empty body, broken UTF-8, and what `parseJsonDocument` refuses. */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) throw unreadable("The body is empty. Send a JSON document.");
  if (!isUtf8(bytes)) throw unreadable("The body is not UTF-8 text.");
  return parseJsonDocument(bytes.toString("utf8"), "The body");
}

function unreadable(message: string): AppError {
  return new AppError("invalid_request", { message });
}
