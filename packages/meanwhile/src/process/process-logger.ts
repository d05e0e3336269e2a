// The log of a process on its standard error: JSON in pipes, one readable line each on a terminal.
import { currentLogFields, type Logger } from "@meanwhile/core";
import { pino } from "pino";
import type { OutputStream } from "../cli/cli-io.js";
import type { ProcessLogLevel } from "../config/settings.js";

/** Credentials that a careless line might hold. */
const SECRETS = ["authorization", "headers.authorization", "req.headers.authorization", "token", "ticket", "key"];

export function createProcessLogger(stream: OutputStream, { level }: { level: ProcessLogLevel }): Logger {
  const write =
    stream.isTTY === true ? (line: string) => stream.write(readableLine(line)) : (line: string) => stream.write(line);
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: SECRETS,
      mixin: () => ({ ...currentLogFields() }),
    },
    { write: (line: string) => void write(line) },
  );
}

/** `09:00:00.123 WARN  the handler did not stop  jobId=0199… graceMs=5000`, and the stack of an error below it at debug. */
function readableLine(line: string): string {
  const { time, level, msg, pid: _, err, ...fields } = JSON.parse(line) as Record<string, unknown> & LogLine;
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const why = err === undefined ? [] : [`(${err.message})`];
  return `${[time.slice(11, 23), level.toUpperCase().padEnd(5), msg, ...why, ...pairs].join(" ")}\n`;
}

interface LogLine {
  time: string;
  level: string;
  msg: string;
  err?: { message: string; stack?: string };
}
