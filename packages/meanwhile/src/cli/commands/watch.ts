// `meanwhile watch`: a job's events as they come.
import type { Command } from "commander";
import { addTimeoutOption, awaitJob, requireCompleted } from "../await-job.js";
import { type CliIo, printJson } from "../cli-io.js";
import { wholeNumber } from "../option-values.js";
import { createProgressView } from "../progress-view.js";
import { addServerOptions, apiOf } from "../setting-options.js";

export function addWatch(program: Command, io: CliIo): void {
  const command = program
    .command("watch")
    .summary("follow a job to its end")
    .description(
      "Follows a job to its end: a bar on a terminal, one line per event in a pipe. Survives a restart of the server.",
    )
    .argument("<id>", "the job's id")
    .option("--after <seq>", "start behind this event", wholeNumber, 0)
    .option("--json", "print each event as one line of JSON")
    .addHelpText("after", "\nExample:\n  meanwhile watch $(meanwhile submit demo.countdown)");
  addTimeoutOption(addServerOptions(command));
  command.action(async (id: string) => {
    const flags = command.opts<{ after: number; json?: true; timeoutMs?: number }>();
    const json = flags.json === true;
    const view = createProgressView(io.stdout, { json });
    const ended = await awaitJob(await apiOf(command, io), id, {
      io,
      view,
      timeoutMs: flags.timeoutMs,
      after: flags.after,
    });
    requireCompleted(ended);
    // In a pipe the line of the last event has said it already.
    if (!json && io.stdout.isTTY === true && ended.result !== null) printJson(io.stdout, ended.result);
  });
}
