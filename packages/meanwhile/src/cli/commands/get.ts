// `meanwhile get`: one job as it is now.
import type { JobResource } from "@meanwhile/protocol";
import type { Command } from "commander";
import { getJob } from "../await-job.js";
import { type CliIo, printJson, printLine } from "../cli-io.js";
import { errorText, percentText } from "../event-text.js";
import { addServerOptions, apiOf } from "../setting-options.js";

export function addGet(program: Command, io: CliIo): void {
  const command = addServerOptions(program.command("get"))
    .summary("show a job")
    .description("Shows a job as it is now.")
    .argument("<id>", "the job's id")
    .option("--json", "print the job as JSON")
    .addHelpText("after", "\nExample:\n  meanwhile get 0199c0de-7a10-7c3e-9b0a-3f5d6a1b2c3d --json");
  command.action(async (id: string) => {
    const { body: job } = await getJob(await apiOf(command, io), id);
    if (command.opts<{ json?: true }>().json === true) printJson(io.stdout, job);
    else for (const line of jobLines(job)) printLine(io.stdout, line);
  });
}

/** A job for people: what has a value, one line each. */
export function jobLines(job: JobResource): readonly string[] {
  const facts: readonly (readonly [string, string | null])[] = [
    ["id", job.id],
    ["type", job.type],
    ["status", job.cancelRequested && job.completedAt === null ? `${job.status} (cancellation requested)` : job.status],
    ["progress", `${percentText(job.progress)}${job.message === null ? "" : ` ${job.message}`}`],
    ["attempt", `${job.attempt} of ${job.maxAttempts}`],
    ["queue position", job.queuePosition === null ? null : String(job.queuePosition)],
    ["created", job.createdAt],
    ["not before", job.runAt === job.createdAt ? null : job.runAt],
    ["started", job.startedAt],
    ["finished", job.completedAt],
    ["tags", job.tags.length === 0 ? null : job.tags.join(", ")],
    ["callback id", job.callbackId],
    ["rerun of", job.rerunOf],
    ["error", job.error === null ? null : errorText(job.error)],
    ["parameters", JSON.stringify(job.parameters)],
    ["result", job.status === "COMPLETED" ? JSON.stringify(job.result) : null],
  ];
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}
