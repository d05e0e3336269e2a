// What PostgreSQL and the network report, as what callers can act on.
import { AppError, ConfigurationError } from "@meanwhile/core";

/** How long a caller is asked to wait before the next attempt. */
const RETRY_AFTER_MS = 1_000;

/** @returns the error that callers see; errors of the code itself, and of user statements, stay what they are. */
export function toStoreError(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const sentence = explain(error, where);
  return sentence === undefined ? error : unavailable(sentence, error);
}

/** The same for the start, where a person is there to correct it. */
export function toOpenError(error: unknown, where: string): unknown {
  if (error instanceof AppError) return new ConfigurationError(error.message, { cause: error });
  const sentence = error instanceof Error ? explain(error, where) : undefined;
  return sentence === undefined ? error : new ConfigurationError(sentence, { cause: error });
}

export function unavailable(message: string, cause?: unknown): AppError {
  return new AppError("store_unavailable", { message, retryAfterMs: RETRY_AFTER_MS, cause });
}

/** The five characters of PostgreSQL, or Node's name of a system error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Two transactions stood in each other's way; the same work may be done again at once. */
export function isConflict(error: unknown): boolean {
  return codeOf(error) === "40001" || codeOf(error) === "40P01";
}

/**
 * A row that somebody else holds for too long is an outage for the item that needs it, and no matter of its neighbours: a batch
 * of several reports it as its own failure, so that whoever joined them tries each alone (hard case 2 of the architecture).
 */
export function asNeighbour(items: number): (error: unknown) => never {
  return (error) => {
    throw items > 1 && isHeldTooLong(error) ? error.cause : error;
  };
}

/** Somebody else held a row for longer than `lockTimeoutMs`; told of errors that the database was already asked about. */
export function isHeldTooLong(error: unknown): error is AppError {
  return error instanceof AppError && codeOf(error.cause) === "55P03";
}

/** The connection is gone, or never was: what was not committed by then never will be. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  return (
    /^(08|57P0[1-3])/.test(code) ||
    NETWORK.has(code) ||
    (error instanceof Error &&
      /^(Connection terminated|Client has encountered a connection error|Query read timeout)/.test(error.message))
  );
}

/** The server is a replica, or is told to be one: it reads, and writes nothing. */
export function isReadOnly(error: unknown): boolean {
  const code = codeOf(error);
  // On a replica already the beginning of a transaction that would write is refused, under a code that says less.
  return code === "25006" || (code === "0A000" && /during recovery/.test((error as Error).message));
}

/** Nothing was done, and a moment later, on another connection, it may go well. */
export function passesSoon(error: unknown): boolean {
  return isConnectionLoss(error) || isReadOnly(error) || codeOf(error) === "53300";
}

const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);

function explain(error: Error, where: string): string | undefined {
  const code = codeOf(error);
  if (/relation "?([\w".]+\.)?meanwhile_|schema "/.test(error.message) && /^(42P01|3F000)$/.test(code)) {
    return `${where} does not have meanwhile's tables yet. Call migrate() first (or run "meanwhile migrate").`;
  }
  if (isReadOnly(error))
    return `${where} is read-only, as a replica is. The address must lead to the primary. (${error.message})`;
  if (SENTENCES[code] !== undefined) return `${where} ${SENTENCES[code]} (${code}: ${error.message})`;
  if (code.startsWith("28")) return `${where} refuses the user or the password of the address. (${error.message})`;
  if (code.startsWith("53"))
    return `${where} is short of resources: ${error.message}. Look at its disk, its memory and max_connections.`;
  if (/timeout exceeded when trying to connect/.test(error.message)) {
    return `${where} gave no connection in time: it does not answer, or all poolSize connections of this process are busy. Look at the server's load, then at poolSize.`;
  }
  if (isConnectionLoss(error)) {
    return `${where} cannot be reached, or cut the connection: ${error.message}. It is tried again with the next call; no restart is needed.`;
  }
  return undefined;
}

const SENTENCES: Readonly<Record<string, string>> = {
  "25P03": "ended a transaction that stood still for too long.",
  "3D000": "has no database of that name. Create it, or correct the address.",
  "40001": "could not put concurrent transactions in an order, several times in a row.",
  "40P01": "found transactions waiting for each other, several times in a row.",
  "42501": "denies a right that meanwhile needs: the user must own the schema of its tables, or may create it.",
  "55P03":
    "has rows locked by another transaction for too long. Look for a session that keeps a transaction open (pg_stat_activity).",
  "57014": "cancelled a statement: it took longer than statementTimeoutMs, or somebody cancelled it.",
};
