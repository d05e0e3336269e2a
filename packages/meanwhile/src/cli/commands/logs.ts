// `meanwhile logs`: what a job's handler logged.
import { isTerminal, LOG_LEVELS, type LogLevel, type LogLineResource, type PageResource } from "@meanwhile/protocol";
import { type Command, Option } from "commander";
import type { ApiClient } from "../api-client.js";
import { CliError } from "../cli-error.js";
import { type CliIo, printLine } from "../cli-io.js";
import { addServerOptions, apiOf } from "../setting-options.js";

const PAGE_LIMIT = 200;
/** Log lines cause no event, so there is nothing to wait on but the time. */
const LOOK_EVERY_MS = 1_000;

interface LogsFlags {
  follow?: true;
  level: LogLevel;
  json?: true;
}

export function addLogs(program: Command, io: CliIo): void {
  const command = addServerOptions(program.command("logs"))
    .summary("show what a job logged")
    .description("Shows what a job's handler logged.")
    .argument("<id>", "the job's id")
    .option("--follow", "go on until the job has finished")
    .addOption(new Option("--level <level>", "least important lines to show").choices(LOG_LEVELS).default("debug"))
    .option("--json", "print each line as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile logs 0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d --follow --level warn");
  command.action(async (id: string) => {
    const flags = command.opts<LogsFlags>();
    const api = await apiOf(command, io);
    const print = (line: LogLineResource) =>
      printLine(io.stdout, flags.json === true ? JSON.stringify(line) : logText(line));
    let after = await printFrom(api, id, { after: "0", level: flags.level, print });
    if (flags.follow !== true) return;
    const interruption = io.interruption();
    try {
      for (;;) {
        // The job first: what it logged before it ended is there when the lines are read afterwards.
        const job = await api.request<{ status: Parameters<typeof isTerminal>[0] }>(
          `/api/v2/jobs/${encodeURIComponent(id)}`,
          {
            headers: { prefer: `wait=${LOOK_EVERY_MS / 1_000}` },
            signal: interruption.signal,
          },
        );
        after = await printFrom(api, id, { after, level: flags.level, print });
        if (isTerminal(job.body.status)) return;
      }
    } catch (error) {
      if (interruption.signal.aborted) throw new CliError("interrupted", "Stopped following the job's log.");
      throw error;
    } finally {
      interruption.release();
    }
  });
}

interface From {
  after: string;
  level: LogLevel;
  print(line: LogLineResource): void;
}

/** @returns the cursor behind the last line. */
async function printFrom(api: ApiClient, id: string, { after, level, print }: From): Promise<string> {
  let cursor = after;
  for (;;) {
    const query = new URLSearchParams({ after: cursor, level, limit: String(PAGE_LIMIT) });
    const path = `/api/v2/jobs/${encodeURIComponent(id)}/logs?${query}`;
    const { items, nextCursor } = (await api.request<PageResource<LogLineResource>>(path)).body;
    for (const line of items) print(line);
    const last = items.at(-1);
    const next = nextCursor ?? (last === undefined ? cursor : String(last.seq));
    if (items.length === 0 || next === cursor) return next;
    cursor = next;
  }
}

function logText({ at, level, message, fields, attempt }: LogLineResource): string {
  const more = fields === null ? "" : `  ${JSON.stringify(fields)}`;
  return `${at}  ${level.toUpperCase().padEnd(5)}  attempt ${attempt}  ${message}${more}`;
}
