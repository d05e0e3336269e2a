// The log of a process on its standard error: JSON in pipes, one readable line each on a terminal.
import { currentLogFields, type Logger } from "@meanwhile/core";
import { pino } from "pino";
import type { OutputStream } from "../cli/cli-io.js";
import type { ProcessLogLevel } from "../config/settings.js";

/** Credentials that a careless line might hold. */
const SECRETS = ["authorization", "headers.authorization", "req.headers.authorization", "token", "ticket", "key"];

export function createProcessLogger(stream: OutputStream, { level }: { level: ProcessLogLevel }): Logger {
  const toLine = stream.isTTY === true ? (json: string) => readableLine(json, level) : (json: string) => json;
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRETS,
      mixin: () => ({ ...currentLogFields() }),
    },
    { write: (json: string) => void stream.write(toLine(json)) },
  );
}

interface LogLine {
  time: string;
  level: string;
  msg: string;
  err?: { message: string; stack?: string };
  [field: string]: unknown;
}

/** `09:00:00.123 WARN  the handler did not stop jobId=0199… graceMs=5000`; at debug the stack of an error below it. */
function readableLine(json: string, shown: ProcessLogLevel): string {
  const { time, level, msg, pid: _, err, stack, ...fields } = JSON.parse(json) as LogLine;
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const why = err === undefined ? [] : [`(${err.message})`];
  const line = [time.slice(11, 23), level.toUpperCase().padEnd(5), msg, ...why, ...pairs].join(" ");
  const where = shown === "debug" ? (err?.stack ?? stack) : undefined;
  return where === undefined ? `${line}\n` : `${line}\n${String(where)}\n`;
}
