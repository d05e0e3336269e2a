// The log of the process: pino, with the ids of the request or job that is running on every line.
import { currentLogFields, type Logger, silentLogger } from "@meanwhile/core";
import { type LoggerOptions, pino } from "pino";

/** Credentials that a careless line might hold. */
const SECRETS = ["authorization", "headers.authorization", "req.headers.authorization", "token", "ticket", "key"];

export function createLogger(options: LoggerOptions = {}): Logger {
  return pino({ redact: SECRETS, mixin: () => ({ ...currentLogFields() }), ...options });
}

/** A logger as it is, or made by pino; silence where there is none. */
export function resolveLogger(logger: Logger | LoggerOptions | undefined): Logger {
  if (logger === undefined) return silentLogger;
  return isLogger(logger) ? logger : createLogger(logger);
}

function isLogger(value: Logger | LoggerOptions): value is Logger {
  return "info" in value && typeof value.info === "function";
}
