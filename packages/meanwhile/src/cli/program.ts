// The command line as a whole: its commands, its help, and how every ending becomes a sentence and an exit code.
import { AppError, ConfigurationError } from "@meanwhile/core";
import { Command, CommanderError } from "commander";
import type { RunProcessOptions } from "../process/run-process.js";
import { VERSION } from "../version.js";
import { CliError } from "./cli-error.js";
import { type CliIo, printLine } from "./cli-io.js";
import { addCancel, addRerun } from "./commands/cancel.js";
import { addDoctor } from "./commands/doctor.js";
import { addGet } from "./commands/get.js";
import { addKeys } from "./commands/keys.js";
import { addList } from "./commands/list.js";
import { addLogs } from "./commands/logs.js";
import { addMigrate } from "./commands/migrate.js";
import { addServe, addWorker } from "./commands/serve.js";
import { addSubmit } from "./commands/submit.js";
import { addWatch } from "./commands/watch.js";
import { addWebhooks } from "./commands/webhooks.js";
import { EXIT_CODES } from "./exit-codes.js";

/** What a program with jobs of its own adds to `serve` and `worker`. */
export type OwnJobs = Pick<RunProcessOptions, "jobs" | "examples">;

/**
 * Runs one command to its end; prints, and never throws.
 *
 * @param args Without the program's own name.
 * @returns the exit code, see `exit-codes.ts`.
 */
export async function runCli(args: readonly string[], io: CliIo, own: OwnJobs = {}): Promise<number> {
  try {
    await createProgram(io, own).parseAsync([...args], { from: "user" });
    return EXIT_CODES.ok.code;
  } catch (error) {
    return report(error, io);
  }
}

export function createProgram(io: CliIo, own: OwnJobs = {}): Command {
  const program = new Command("meanwhile")
    .description("Write a function. Meanwhile turns it into an asynchronous API.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(meanwhile <command> --help shows what there is)")
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? HELP_COLUMNS,
      getErrHelpWidth: () => io.stderr.columns ?? HELP_COLUMNS,
    })
    .addHelpText("after", `\n${exitCodeHelp()}\n\nExample:\n  meanwhile serve --jobs ./jobs/*.ts`);
  addServe(program, io, own);
  addWorker(program, io, own);
  const ofJobs = [addSubmit, addGet, addWatch, addLogs, addCancel, addList, addRerun];
  const commands = [addMigrate, ...ofJobs, addWebhooks, addKeys, addDoctor];
  for (const add of commands) add(program, io);
  return program;
}

const HELP_COLUMNS = 100;

function exitCodeHelp(): string {
  const lines = Object.values(EXIT_CODES).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
  return ["Exit codes:", ...lines].join("\n");
}

function report(error: unknown, io: CliIo): number {
  // Commander has said it already, or it was a request for help.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok.code : EXIT_CODES.usage.code;
  const debug = io.env.MEANWHILE_LOG_LEVEL === "debug";
  const { message, exitCode } = explain(error);
  printLine(io.stderr, `meanwhile: ${message}`);
  if (debug && error instanceof Error) printLine(io.stderr, stackOf(error));
  return exitCode;
}

function explain(error: unknown): { message: string; exitCode: number } {
  if (error instanceof CliError) return error;
  if (error instanceof ConfigurationError) return { message: error.message, exitCode: EXIT_CODES.usage.code };
  if (error instanceof AppError) {
    const exitCode = error.code === "store_unavailable" ? EXIT_CODES.unreachable.code : EXIT_CODES.negative.code;
    // Callers of a server are not told how its disk is laid out; whoever starts one has to know.
    const reason = error.cause instanceof Error ? ` (${error.cause.message})` : "";
    return { message: `${error.message}${reason}`, exitCode };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    message: `A fault in meanwhile itself: ${what} (MEANWHILE_LOG_LEVEL=debug shows where)`,
    exitCode: EXIT_CODES.internal.code,
  };
}

function stackOf(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stackOf(error.cause)}` : own;
}
