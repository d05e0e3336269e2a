// The log of the process: pino, with the ids of the request or job that is running on every line.
import { currentLogFields, type Logger, silentLogger } from "@meanwhile/core";
import { type DestinationStream, type LoggerOptions, pino } from "pino";

/** Credentials that a careless line might hold. */
const SECRETS = ["authorization", "headers.authorization", "req.headers.authorization", "token", "ticket", "key"];

/** @param destination Where the lines go. Default: the standard output. */
export function createLogger(options: LoggerOptions = {}, destination?: DestinationStream): Logger {
  const settings = { redact: SECRETS, mixin: () => ({ ...currentLogFields() }), ...options };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** A logger as it is, or made by pino; silence where there is none. */
export function resolveLogger(logger: Logger | LoggerOptions | undefined): Logger {
  if (logger === undefined) return silentLogger;
  return isLogger(logger) ? logger : createLogger(logger);
}

function isLogger(value: Logger | LoggerOptions): value is Logger {
  return "info" in value && typeof value.info === "function";
}
